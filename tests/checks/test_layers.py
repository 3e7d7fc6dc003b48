from __future__ import annotations

import pytest

from graders.checks.layers import (
    Difference,
    compare,
    describe_difference,
    flat_inputs,
    input_shape,
    is_convolutional,
    parts_of,
    short_name,
)
from tests.builders.networks import (
    conv,
    dense,
    dense_layers,
    inputs,
    layer,
    pool,
    pooled_layers,
    strided_layers,
)

SMALL = dense_layers(10, 10)


def differences(expected, found) -> list[tuple[str, int, str]]:
    comparison = compare(parts_of(expected), parts_of(found))
    return [(d.kind, d.position, d.setting) for d in comparison.differences]


# -- the same network, written in another way -----------------------------------------------


@pytest.mark.parametrize(
    "hidden",
    [
        [dense(10)],
        [dense(10, "linear"), layer("Activation", activation="relu")],
        [dense(10, "linear"), layer("ReLU")],
        [dense(10, "linear"), layer("Relu")],
        [layer("Dense", units=10, activation={"class": "re_lu"}, use_bias=True)],
        [dense(10, "RELU")],
    ],
)
def test_relu_may_be_written_in_many_ways(hidden):
    assert differences([dense(10)], hidden) == []


@pytest.mark.parametrize(
    "output",
    [
        [dense(10, "linear"), layer("Softmax")],
        [dense(10, "linear"), layer("Activation", activation="softmax")],
    ],
)
def test_softmax_may_be_a_layer_of_its_own(output):
    assert differences(SMALL, [*SMALL[:-1], *output]) == []


@pytest.mark.parametrize(
    "form",
    [
        [],
        [inputs(784)],
        [inputs(28, 28), layer("Flatten")],
        [inputs(28, 28), layer("Rescaling", scale=1 / 255), layer("Flatten")],
        [inputs(784), layer("Identity")],
        [layer("Reshape", target_shape=[784])],
    ],
)
def test_layers_that_only_bring_data_into_form_do_not_count(form):
    assert differences(SMALL, [*form, *SMALL[1:]]) == []


def test_a_linear_activation_changes_nothing():
    found = [*SMALL[:-1], dense(10, "softmax"), layer("Activation", activation="linear")]
    assert differences(SMALL, found) == []


def test_sizes_may_be_numbers_or_pairs():
    found = layer(
        "Conv2D",
        filters=16,
        kernel_size=3,
        strides=1,
        padding="valid",
        activation="relu",
        use_bias=True,
    )
    assert differences([conv(16)], [found]) == []


def test_names_and_initial_weights_do_not_count():
    found = dense(10, kernel_initializer="he_normal", name="hidden")
    assert differences([dense(10)], [found]) == []


# -- differences ----------------------------------------------------------------------------


def test_a_second_activation_on_top_of_the_first_is_an_extra_layer():
    found = [dense(10), layer("Activation", activation="tanh")]
    assert differences([dense(10)], found) == [("activation", 0, "extra")]


def test_a_missing_activation_is_named():
    assert differences(SMALL, [SMALL[0], dense(10, "linear"), *SMALL[2:]]) == [
        ("dense", 1, "activation")
    ]


def test_other_widths_are_named_layer_by_layer():
    assert differences(SMALL, dense_layers(20, 20)) == [
        ("dense", 1, "units"),
        ("dense", 2, "units"),
    ]


def test_a_missing_hidden_layer_is_missing_and_the_output_is_still_the_output():
    found = differences(SMALL, dense_layers(10))
    assert [setting for _, _, setting in found] == ["missing"]
    assert found[0][1] in {1, 2}


def test_an_extra_hidden_layer_is_extra_and_the_output_is_still_the_output():
    assert differences(SMALL, dense_layers(10, 10, 10)) == [("dense", 0, "extra")]


def test_an_extra_layer_of_another_kind_is_extra():
    found = [*SMALL[:2], layer("Dropout", rate=0.5), *SMALL[2:]]
    assert differences(SMALL, found) == [("dropout", 0, "extra")]


def test_swapped_filters_are_two_differences():
    assert differences(pooled_layers(), pooled_layers(8, 16)) == [
        ("conv", 1, "filters"),
        ("conv", 2, "filters"),
    ]


@pytest.mark.parametrize(
    ("found", "setting"),
    [
        (conv(16, 5), "kernel"),
        (conv(16, strides=2), "strides"),
        (conv(16, padding="same"), "padding"),
        (conv(16, use_bias=False), "bias"),
        (conv(16, activation="tanh"), "activation"),
        (conv(16, dilation_rate=[2, 2]), "dilation"),
        (conv(16, groups=2), "groups"),
    ],
)
def test_each_setting_of_a_convolution_counts(found, setting):
    assert differences([conv(16)], [found]) == [("conv", 1, setting)]


@pytest.mark.parametrize(
    ("found", "setting"),
    [
        (pool(3, strides=[2, 2]), "pool"),
        (pool(strides=[1, 1]), "strides"),
        (pool(padding="same"), "padding"),
    ],
)
def test_each_setting_of_a_pooling_counts(found, setting):
    assert differences([pool()], [found]) == [("pool", 1, setting)]


def test_another_kind_of_pooling_stands_in_its_place():
    average = layer("AveragePooling2D", pool_size=[2, 2], strides=[2, 2], padding="valid")
    assert differences([conv(16), pool()], [conv(16), average]) == [("pool", 1, "kind")]


def test_missing_poolings_are_named_and_the_convolutions_still_fit():
    found = [one for one in pooled_layers() if one.type != "MaxPooling2D"]
    assert differences(pooled_layers(), found) == [("pool", 1, "missing"), ("pool", 2, "missing")]


def test_layers_in_another_order_are_not_the_same():
    found = [inputs(28, 28, 1), pool(), conv(16), conv(8), pool(), dense(10, "softmax")]
    assert ("pool", 0, "extra") in differences(pooled_layers(), found)


def test_only_the_last_expected_layer_is_the_output():
    comparison = compare(parts_of(SMALL), parts_of([*dense_layers(20, 20)[:-1], dense(9, "relu")]))
    assert [d.is_output for d in comparison.differences] == [False, False, True, True]


def test_a_network_that_was_not_flattened_differs_in_its_output():
    wanted = dense(10, "softmax").model_copy(update={"output_shape": [None, 10]})
    found = dense(10, "softmax").model_copy(update={"output_shape": [None, 28, 10]})
    assert differences([wanted], [found]) == [("dense", 1, "shape")]


def test_a_batch_of_a_fixed_size_is_no_difference():
    wanted = dense(10, "softmax").model_copy(update={"output_shape": [None, 10]})
    found = dense(10, "softmax").model_copy(update={"output_shape": [64, 10]})
    assert differences([wanted], [found]) == []


def test_an_empty_network_lacks_every_layer():
    assert [d[2] for d in differences(SMALL, [])] == ["missing"] * 3


def test_the_same_network_costs_nothing_and_a_nearer_one_costs_less():
    costs = [
        compare(parts_of(SMALL), parts_of(found)).cost
        for found in (SMALL, dense_layers(10, 12), dense_layers(64, 64), pooled_layers())
    ]
    assert costs[0] == 0
    assert costs == sorted(costs)
    assert len(set(costs)) == 4


def test_the_layer_table_has_the_two_networks_side_by_side():
    rows = compare(parts_of(SMALL), parts_of(dense_layers(20))).rows
    assert [(row.expected, row.found, row.same) for row in rows if not row.same] in (
        [("Dense 10 relu", "Dense 20 relu", False), ("Dense 10 relu", None, False)],
        [("Dense 10 relu", None, False), ("Dense 10 relu", "Dense 20 relu", False)],
    )
    assert (rows[-1].expected, rows[-1].found) == ("Dense 10 softmax", "Dense 10 softmax")


def test_parameters_of_both_sides_are_added_up():
    wanted = [dense(10).model_copy(update={"parameters": n}) for n in (7850, 110, 110)]
    found = [dense(10).model_copy(update={"parameters": n}) for n in (7850, 110)]
    comparison = compare(parts_of(wanted), parts_of(found))
    assert (comparison.expected_parameters, comparison.found_parameters) == (8070, 7960)


def test_the_same_mistake_has_the_same_key_and_another_one_has_not():
    def key(width: int):
        return compare(parts_of([dense(10)]), parts_of([dense(width)])).differences[0].key

    assert key(20) == key(20) != key(21)


# -- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (Difference("conv", 2, "filters", 8, 16), "convolution 2 has 16 filters instead of 8"),
        (Difference("dense", 1, "units", 10, 20), "dense layer 1 has 20 units instead of 10"),
        (
            Difference("conv", 1, "kernel", (3, 3), (5, 5)),
            "convolution 1 has kernel size 5x5 instead of 3x3",
        ),
        (
            Difference("pool", 2, "missing", "MaxPooling2D 2x2", None),
            "max pooling 2 (MaxPooling2D 2x2) is missing",
        ),
        (
            Difference("dropout", 0, "extra", None, "Dropout rate 0.5"),
            "there is an extra layer (Dropout rate 0.5)",
        ),
        (
            Difference("pool", 1, "kind", "MaxPooling2D 2x2", "AveragePooling2D 2x2"),
            "AveragePooling2D 2x2 stands in place of MaxPooling2D 2x2",
        ),
        (
            Difference("dense", 1, "activation", "relu", "linear"),
            "dense layer 1 has activation linear instead of relu",
        ),
        (Difference("dense", 1, "bias", None, False), "dense layer 1 has no bias"),
    ],
)
def test_a_difference_is_said_in_words(difference, words):
    assert describe_difference(difference) == words


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        (dense_layers(10, 10), "784-10-10-10"),
        (dense_layers(10, 10)[1:], "10-10-10"),
        ([inputs(28, 28), layer("Flatten"), dense(10)], "784-10"),
        (pooled_layers(), "Conv 16, pool, Conv 8, pool, Dense 10"),
        (strided_layers(), "Conv 16, Conv 8, Dense 10"),
        ([], "empty network"),
        ([inputs(784)], "empty network"),
    ],
)
def test_a_network_has_a_short_name(layers, name):
    assert short_name(layers) == name


def test_a_short_name_stays_short():
    name = short_name([pool() for _ in range(100)])
    assert name.endswith(", ...")
    assert len(name) < 120


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (dense(10, "softmax"), "Dense 10 softmax"),
        (dense(10, "linear"), "Dense 10"),
        (conv(16), "Conv2D 16 3x3 relu"),
        (conv(16, strides=2), "Conv2D 16 3x3 stride 2x2 relu"),
        (conv(16, padding="same"), "Conv2D 16 3x3 padding same relu"),
        (pool(), "MaxPooling2D 2x2"),
        (pool(strides=[1, 1]), "MaxPooling2D 2x2 stride 1x1"),
        (conv(16, use_bias=False), "Conv2D 16 3x3 relu without bias"),
    ],
)
def test_a_layer_is_said_in_a_few_words(part, words):
    assert str(parts_of([part])[0]) == words


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        (pooled_layers(), (28, 28, 1)),
        (
            [
                inputs(784),
                layer("Reshape").model_copy(update={"output_shape": [None, 28, 28, 1]}),
                conv(16),
            ],
            (28, 28, 1),
        ),
        ([conv(16)], None),
    ],
)
def test_the_shape_that_the_first_layer_sees(layers, shape):
    assert input_shape(layers) == shape


@pytest.mark.parametrize(
    ("layers", "count"),
    [([inputs(28, 28, 1)], 784), ([inputs(784)], 784), ([dense(3)], None), ([], None)],
)
def test_the_numbers_of_one_item(layers, count):
    assert flat_inputs(layers) == count


def test_a_network_with_any_convolution_is_convolutional():
    assert is_convolutional(parts_of(pooled_layers()))
    assert is_convolutional(parts_of([layer("SeparableConv2D", filters=3)]))
    assert not is_convolutional(parts_of(SMALL))

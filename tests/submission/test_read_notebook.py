from __future__ import annotations

import json

import pytest
from nbformat import v3

from graders.errors import SubmissionError
from graders.submission import read_cells
from tests.builders.submissions import code, notebook, old_notebook, raw, text, with_kernel


def read(content: bytes, name: str = "alice.ipynb"):
    return read_cells(name, content)


def refused(content: bytes, name: str = "alice.ipynb") -> str:
    with pytest.raises(SubmissionError) as caught:
        read_cells(name, content)
    return str(caught.value)


def sources(content: bytes) -> list[tuple[str, str]]:
    return [(cell.kind, cell.source) for cell in read(content)]


def test_cells_keep_their_kind_their_text_and_their_order():
    content = notebook(text("# Title"), code("a = 1\nb = 2"), text("done"), code("print(a)"))
    assert sources(content) == [
        ("markdown", "# Title"),
        ("code", "a = 1\nb = 2"),
        ("markdown", "done"),
        ("code", "print(a)"),
    ]


def test_positions_count_markdown_cells_too():
    cells = read(notebook(text("a"), code("b"), code("c")))
    assert [cell.index for cell in cells] == [0, 1, 2]


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_version_of_nbformat_4_is_read(minor):
    content = notebook(text("# Title"), code("x = 1"), minor=minor)
    assert sources(content) == [("markdown", "# Title"), ("code", "x = 1")]


def test_a_newer_minor_version_is_read():
    document = json.loads(notebook(code("x = 1")))
    document["nbformat_minor"] = 9
    assert sources(raw(**document)) == [("code", "x = 1")]


def test_nbformat_3_with_worksheets_is_read():
    content = old_notebook(
        v3.new_heading_cell("Title", level=2),
        v3.new_text_cell("markdown", "words"),
        v3.new_code_cell("x = 1\ny = 2"),
    )
    assert sources(content) == [
        ("markdown", "## Title"),
        ("markdown", "words"),
        ("code", "x = 1\ny = 2"),
    ]


def test_missing_cell_ids_are_no_fault_of_the_student():
    document = json.loads(notebook(code("x = 1"), text("words")))
    for cell in document["cells"]:
        del cell["id"]
    assert sources(raw(**document)) == [("code", "x = 1"), ("markdown", "words")]


def test_repeated_cell_ids_are_no_fault_of_the_student():
    document = json.loads(notebook(code("x = 1"), code("y = 2")))
    for cell in document["cells"]:
        cell["id"] = "same"
    assert sources(raw(**document)) == [("code", "x = 1"), ("code", "y = 2")]


def test_a_source_may_be_one_text_or_a_list_of_lines():
    document = json.loads(notebook(code("a = 1\nb = 2"), code("c = 3\nd = 4")))
    document["cells"][0]["source"] = "a = 1\nb = 2"
    document["cells"][1]["source"] = ["c = 3\n", "d = 4"]
    assert sources(raw(**document)) == [("code", "a = 1\nb = 2"), ("code", "c = 3\nd = 4")]


def test_a_raw_cell_does_not_run():
    document = json.loads(notebook(code("x = 1"), text("raw text")))
    document["cells"][1]["cell_type"] = "raw"
    assert sources(raw(**document))[1] == ("markdown", "raw text")


def test_saved_outputs_are_left_behind():
    document = json.loads(notebook(code("x = 1")))
    stream = {"output_type": "stream", "name": "stdout", "text": ["accuracy 1.0\n"]}
    document["cells"][0]["outputs"] = [stream]
    cell = read(raw(**document))[0]
    assert "accuracy 1.0" not in cell.model_dump_json()


def test_a_byte_order_mark_is_skipped():
    assert sources(b"\xef\xbb\xbf" + notebook(code("x = 1"))) == [("code", "x = 1")]


def test_windows_line_ends_between_the_lines_of_json_are_read():
    content = notebook(code("x = 1\ny = 2")).replace(b"\n", b"\r\n")
    assert sources(content) == [("code", "x = 1\ny = 2")]


def test_text_in_other_scripts_survives():
    assert sources(notebook(code("größe = '漢 👍'"))) == [("code", "größe = '漢 👍'")]


def test_half_of_a_surrogate_pair_does_not_stop_the_reading():
    document = json.loads(notebook(code("x = 1"), text("words")))
    content = raw(**document).replace(b"words", b"broken \\ud83d emoji")
    assert "broken" in read(content)[1].model_dump_json()


# -- files that can't be used ---------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b" ", b"\n\r\n\t  \n"])
@pytest.mark.parametrize("name", ["alice.ipynb", "alice.py"])
def test_a_file_with_nothing_in_it_is_called_empty(name, content):
    assert refused(content, name).startswith(f"{name}: the file is empty.")


def test_a_file_that_holds_a_byte_order_mark_alone_is_called_empty():
    assert "the file is empty" in refused(b"\xef\xbb\xbf")


def test_a_file_that_is_not_utf_8_names_the_byte():
    broken = notebook(code("x = 'ae'")).replace(b"ae", b"\xe4e")
    position = broken.index(b"\xe4")
    assert f"not UTF-8 text (byte {position:,} is not valid)" in refused(broken)


def test_utf_16_is_not_utf_8():
    content = notebook(code("x = 1")).decode().encode("utf-16")
    assert "not UTF-8 text" in refused(content)


@pytest.mark.parametrize("name", ["alice.ipynb", "alice.py"])
def test_nul_bytes_are_no_text(name):
    assert "not UTF-8 text (byte 4 " in refused(b"1234\x00\x00", name)


def test_a_disk_image_of_zeros_is_no_text():
    assert "not UTF-8 text (byte 0 " in refused(b"\x00" * 4096)


def test_a_file_beyond_the_size_limit_is_not_parsed():
    message = refused(b" " * 64_000_001 + b"x")
    assert "more than the 64 MB that are read" in message
    assert "Clear the outputs" in message


def test_a_merge_conflict_names_the_line_of_its_first_marker():
    lines = notebook(code("x = 1")).decode().splitlines()
    lines[3:3] = ["<<<<<<< HEAD", '   "a",', "=======", '   "b",', ">>>>>>> theirs"]
    message = refused("\n".join(lines).encode())
    assert "line 4 holds a git merge-conflict marker" in message


def test_a_merge_conflict_is_found_behind_windows_line_ends():
    content = b"x = 1\r\n<<<<<<< HEAD\r\ny = 1\r\n=======\r\ny = 2\r\n>>>>>>> theirs\r\n"
    assert "line 2 holds a git merge-conflict marker" in refused(content, "alice.py")


def test_an_underlined_heading_in_markdown_is_no_merge_conflict():
    content = notebook(text("Title\n=======\nwords"), code("x = 1"))
    assert len(read(content)) == 2


def test_an_underlined_heading_in_a_script_is_no_merge_conflict():
    content = b'"""\nTitle\n=======\n"""\nx = 1\n'
    assert len(read_cells("alice.py", content)) == 1


def test_a_heading_and_a_printed_marker_are_no_merge_conflict():
    content = notebook(text("Title\n======="), code("print('<<<<<<< HEAD')"))
    assert len(read(content)) == 2


def test_truncated_json_names_the_line_where_it_breaks_off():
    lines = notebook(code("x = 1"), code("y = 2")).decode().splitlines()
    kept = lines[: len(lines) // 2]
    message = refused("\n".join(kept).encode())
    assert f"its JSON breaks off at line {len(kept)} " in message


def test_a_web_page_is_no_notebook():
    assert "this is not a notebook file" in refused(b"<!DOCTYPE html>\n<html></html>")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[]", "not an object"),
        (b'[{"cells": []}]', "not an object"),
        (b'"text"', "not an object"),
        (b"12", "not an object"),
        (b"null", "not an object"),
        (b"{}", "it has no cells"),
        (b'{"name": "package", "version": "1.0"}', "it has no cells"),
    ],
)
def test_json_that_is_no_notebook_says_why(content, why):
    message = refused(content)
    assert "the file is not a Jupyter notebook" in message
    assert why in message


def test_deeply_nested_json_is_refused_and_not_followed():
    assert "not a Jupyter notebook" in refused(b"[" * 200_000 + b"]" * 200_000)


def test_a_deeply_nested_output_is_refused_or_read_but_never_a_crash():
    depth = 900
    content = notebook(code("x = 1")).replace(
        b'"outputs": []',
        b'"outputs": [{"output_type": "display_data", "metadata": {}, "data": '
        + b'{"a":' * depth
        + b"1"
        + b"}" * depth
        + b"}]",
    )
    try:
        cells = read(content)
    except SubmissionError:
        return
    assert cells[0].source == "x = 1"


@pytest.mark.parametrize(
    "document",
    [
        {"cells": None, "nbformat": 4, "nbformat_minor": 5, "metadata": {}},
        {"cells": "text", "nbformat": 4, "nbformat_minor": 5, "metadata": {}},
        {"cells": [1, 2], "nbformat": 4, "nbformat_minor": 5, "metadata": {}},
        {"cells": [[]], "nbformat": 4, "nbformat_minor": 5, "metadata": {}},
        {"cells": [{}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}},
        {"cells": {"a": 1}, "nbformat": 4, "nbformat_minor": 5, "metadata": {}},
        {"cells": [], "nbformat": 99, "nbformat_minor": 0, "metadata": {}},
        {"cells": [], "nbformat": "four", "metadata": {}},
        {"cells": [{"cell_type": "code", "source": "x"}]},
        {"worksheets": None, "nbformat": 3, "nbformat_minor": 0, "metadata": {}},
        {"worksheets": [{"cells": [{"cell_type": "code"}]}], "nbformat": 3, "metadata": {}},
        {"cells": [{"cell_type": "code", "source": {"a": 1}}], "nbformat": 4, "metadata": []},
    ],
)
def test_a_damaged_notebook_is_refused_with_a_sentence_or_read(document):
    found: list[str] = []
    try:
        found = [cell.kind for cell in read(raw(**document))]
    except SubmissionError as error:
        found = [str(error)]
    assert "code" in found or found[0].startswith("alice.ipynb: ")


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"language_info": {"name": "julia"}}, "julia"),
        ({"kernelspec": {"name": "julia-1.10", "display_name": "Julia 1.10"}}, "julia"),
        ({"kernelspec": {"name": "j", "display_name": "Julia", "language": "julia"}}, "julia"),
        ({"language_info": {"name": "R"}}, "r"),
        ({"kernelspec": {"name": "ir", "display_name": "R"}}, "r"),
        ({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, "r"),
    ],
)
def test_a_notebook_for_another_kernel_says_which_language_it_has(metadata, language):
    message = refused(with_kernel(**metadata)).lower()
    assert f"the notebook is written for {language}, and this assignment is in python" in message


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        {"kernelspec": {"name": "conda-env-tf-py", "display_name": "Python [conda env:tf]"}},
        {"language_info": {"name": "python", "version": "3.6.1"}},
        {"language_info": {"name": "ipython", "version": "3"}},
    ],
)
def test_notebooks_for_python_are_read_whatever_the_kernel_is_called(metadata):
    assert sources(with_kernel(**metadata)) == [("code", "1 + 1")]


def test_a_kernel_whose_name_begins_like_that_of_r_may_be_python():
    kernel = {"name": "iris-env", "display_name": "Python (iris-env)"}
    assert sources(with_kernel(kernelspec=kernel)) == [("code", "1 + 1")]


@pytest.mark.parametrize("cells", [[], [text("words")], [code(""), code("  \n")]])
def test_a_notebook_without_code_says_so(cells):
    assert "there is no code in it" in refused(notebook(*cells))


def test_every_refusal_names_the_file_and_is_one_paragraph():
    for content in (b"", b"\xff", b"[]", b"{", notebook(text("a"))):
        message = refused(content, "Übung 10.ipynb")
        assert message.startswith("Übung 10.ipynb: ")
        assert "\n" not in message

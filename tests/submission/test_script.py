from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.submission.script import split_script


def code_parts(text: str) -> list[str]:
    parts = split_script(text)
    assert {kind for kind, _ in parts} <= {"code"}
    return [source.strip() for _, source in parts]


def non_blank(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]


# -- marked scripts -------------------------------------------------------------------------


@pytest.mark.parametrize("marker", ["# %%", "#%%", "# %% load the data", "# <codecell>"])
def test_percent_markers_begin_a_cell_each(marker):
    text = f"{marker}\na = 1\n\nb = 2\n{marker}\nc = 3\n"
    assert code_parts(text) == [f"{marker}\na = 1\n\nb = 2", f"{marker}\nc = 3"]


@pytest.mark.parametrize("marker", ["# In[3]:", "# In[ ]:", "# In [12]:", "#In[*]:"])
def test_the_markers_of_jupyters_export_begin_a_cell_each(marker):
    text = f"#!/usr/bin/env python\n# coding: utf-8\n\n{marker}\n\n\na = 1\n\n\n{marker}\n\nb = 2\n"
    assert code_parts(text) == [
        "#!/usr/bin/env python\n# coding: utf-8",
        f"{marker}\n\n\na = 1",
        f"{marker}\n\nb = 2",
    ]


def test_what_stands_before_the_first_marker_is_kept():
    assert code_parts("import keras\n# %%\nx = 1\n") == ["import keras", "# %%\nx = 1"]


def test_a_markdown_cell_in_percent_format_is_text_without_its_hashes():
    text = "# %% [markdown]\n# ## 1b\n#\n# Because of the gradients.\n# %%\nx = 1\n"
    assert split_script(text)[0] == ("markdown", "## 1b\n\nBecause of the gradients.")


@pytest.mark.parametrize(
    "marker", ["# %% [markdown]", "# %% [md]", "#%% [markdown]", "# <markdowncell>"]
)
def test_markdown_cells_have_several_marks(marker):
    kinds = [kind for kind, _ in split_script(f"{marker}\n# words\n# %%\nx = 1\n")]
    assert kinds == ["markdown", "code"]


EXPORT = """#!/usr/bin/env python
# coding: utf-8

# # Fashion
#

# by Ada

# In[1]:


# 1a

a = 1

# b = 2


# ## 1b
#
# Long steps.

# 1c: ten classes

# In[2]:


# c = 3


# In[ ]:





# An answer below an empty cell.
"""


def test_the_text_cells_of_jupyters_export_become_text_again():
    export = EXPORT.replace("\n#\n", "\n# \n")  # which is how it writes a text's blank lines
    assert [(kind, source.strip()) for kind, source in split_script(export)] == [
        ("code", "#!/usr/bin/env python\n# coding: utf-8"),
        ("markdown", "# Fashion"),
        ("markdown", "by Ada"),
        ("code", "# In[1]:\n\n\n# 1a\n\na = 1\n\n# b = 2"),
        ("markdown", "## 1b\n\nLong steps."),
        ("markdown", "1c: ten classes"),
        ("code", "# In[2]:\n\n\n# c = 3"),
        ("code", "# In[ ]:"),
        ("markdown", "An answer below an empty cell."),
    ]


@pytest.mark.parametrize("code", ['s = """\n\n\n# heading\n# end"""', "x = [1,\n\n\n# two\n2]"])
def test_comments_in_the_middle_of_exported_code_are_no_text(code):
    assert code_parts(f"# In[1]:\n\n\n{code}\n\n\n# In[2]:\n\n\ny = 1") == [
        f"# In[1]:\n\n\n{code}",
        "# In[2]:\n\n\ny = 1",
    ]


def test_comments_of_a_script_with_other_marks_are_no_text():
    assert code_parts("# %%\nx = 1\n\n\n# 1b: long steps\n") == [
        "# %%\nx = 1\n\n\n# 1b: long steps"
    ]


def test_a_comment_with_one_percent_sign_is_no_marker():
    assert code_parts("# %matplotlib inline\nx = 1\n# 50 % of it\ny = 2") == [
        "# %matplotlib inline\nx = 1\n# 50 % of it\ny = 2"
    ]


# -- unmarked scripts -----------------------------------------------------------------------


def test_paragraphs_of_complete_statements_are_cells():
    assert code_parts("a = 1\nb = 2\n\nc = 3\n\n\nd = 4\n") == ["a = 1\nb = 2", "c = 3", "d = 4"]


def test_windows_and_old_mac_line_ends_split_as_others():
    for end in ("\r\n", "\r"):
        assert code_parts(f"a = 1{end}{end}b = 2{end}") == ["a = 1", "b = 2"]


@pytest.mark.parametrize(
    "statement",
    [
        "def f():\n    a = 1\n\n    return a",
        "class A:\n\n    x = 1\n\n    def f(self):\n        return 1",
        "if a:\n    x = 1\n\nelse:\n    x = 2",
        "if a:\n    x = 1\n\nelif b:\n    x = 2\n\nelse:\n    x = 3",
        "try:\n    x = 1\n\nexcept ValueError:\n    x = 2\n\nfinally:\n    y = 3",
        "for i in range(3):\n    print(i)\n\nelse:\n    print('end')",
        "@decorator\n\ndef f():\n    return 1",
        "@one\n@two(3)\ndef f():\n    return 1",
        "model = Sequential([\n    Dense(10),\n\n    Dense(10),\n\n])",
        "model.fit(\n\nx,\n\ny\n\n)",
        's = """first\n\nsecond\n\nthird"""',
        "s = '''first\n\n\nsecond'''",
        "x = 1 + \\\n    2",
        "answers = {\n'1d': 8070,\n\n'1g': 0.01,\n}",
    ],
)
def test_a_statement_with_blank_lines_stays_in_one_piece(statement):
    assert code_parts(f"before = 1\n\n{statement}\n\nafter = 2\n") == [
        "before = 1",
        statement,
        "after = 2",
    ]


def test_a_comment_before_else_does_not_tear_the_statement():
    statement = "if a:\n    x = 1\n\n# otherwise\nelse:\n    x = 2"
    assert code_parts(f"{statement}\n\nafter = 2\n") == [statement, "after = 2"]


def test_a_text_with_backslashes_and_blank_lines_stays_in_one_piece():
    statement = '"""\nThe rate \\sigma is small.\n\nSo is \\delta.\n"""'
    assert code_parts(f"{statement}\n\nafter = 2\n") == [statement, "after = 2"]


def test_spaces_on_a_blank_line_inside_a_text_are_part_of_it():
    (part,) = code_parts('s = """a\n   \nb"""\n')
    assert ast.literal_eval(part.removeprefix("s = ")) == "a\n   \nb"


@pytest.mark.parametrize(
    "blank",
    [
        "model.add(Conv2D(16, 3, strides=  # ADD YOUR CODE\n))",
        "model.add(Conv2D(16, 3, strides=  # ADD YOUR CODE",
        "x = [1, 2,",
        "x = (1, 2))",
        'print("no end)',
        "def f(:\n    pass",
        "x = = 2",
        'text = """never closed',
    ],
)
def test_an_open_blank_damages_its_own_part_alone(blank):
    parts = code_parts(f"before = 1\n\n{blank}\n\nafter = 2\n\nlast = 3\n")
    assert parts[0] == "before = 1"
    assert parts[-2:] == ["after = 2", "last = 3"]


@pytest.mark.parametrize(
    "line",
    ["%matplotlib inline", "!pip install keras", "%cd /tmp", "!ls | head", "files = !ls", "plt?"],
)
def test_magics_and_shell_escapes_count_as_complete(line):
    assert code_parts(f"{line}\nx = 1\n\ny = 2\n") == [f"{line}\nx = 1", "y = 2"]


def test_a_timed_paragraph_is_a_cell():
    assert code_parts("%%time\nx = 1\n\ny = 2\n") == ["%%time\nx = 1", "y = 2"]


def test_a_script_of_blank_lines_has_no_part():
    assert split_script("\n\n  \n") == []


def test_a_long_statement_is_joined_whole():
    rows = "\n\n".join(f"{number}," for number in range(60))
    assert len(code_parts(f"x = [\n{rows}\n]\n\ny = 2\n")) == 2


# -- any text at all ------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        "",
        "",
        "   ",
        "x = 1",
        "    y = 2",
        "if a:",
        "else:",
        "def f():",
        "    return 1",
        "@decorate",
        "f(",
        ")",
        "[1,",
        "]",
        '"""',
        "'''",
        "# 1f",
        "# %%",
        "# In[3]:",
        "%matplotlib inline",
        "%%time",
        "!pip install x",
        "try:",
        "except:",
        "x = \\",
        "ü = '漢'",
        "\tz",
        "?",
    ]
)


@settings(database=None)
@given(st.lists(LINES, max_size=14))
def test_no_line_of_code_is_lost_or_moved(lines):
    text = "\n".join(lines)
    # A text of Jupyter's export comes without its hashes.
    joined = "\n".join(
        "\n".join(f"# {line}" for line in source.split("\n")) if kind == "markdown" else source
        for kind, source in split_script(text)
    )
    assert non_blank(joined) == non_blank(text)


@settings(database=None)
@given(
    st.text(
        st.characters(
            exclude_characters="\x00\r\x1c\x1d\x1e\x85\u2028\u2029", exclude_categories=["Cs"]
        ),
        max_size=60,
    )
)
def test_no_character_of_any_text_is_lost(text):
    if "markdown" in text:
        return
    joined = "".join(source for _, source in split_script(text))
    assert "".join(joined.split()) == "".join(text.split())

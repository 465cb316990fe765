"""Every notebook runs from top to bottom, and the outputs that are committed are those that it gives today."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

SECONDS_PER_CELL = 120
NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.?\d+)(?:[eE][-+]?\d+)?")

# Printed numbers are rounded; a different BLAS may round the last printed digit the other way.
PRINTED_DIGITS = 1e-6

# Cells that show rounding errors carry this tag: there only the words must be the same.
SHOWS_ROUNDING = "depends-on-rounding"


def execute(notebook, *extra_cells):
    """Run a copy of the notebook, with extra cells at its end, in the folder that it stands in."""
    fresh = nbformat.v4.new_notebook(metadata=notebook.metadata)
    fresh.cells = [cell.copy() for cell in notebook.cells] + list(extra_cells)
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    return NotebookClient(fresh, timeout=SECONDS_PER_CELL, resources=resources, record_timing=False).execute()


def text_of(cell):
    return "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")


def kinds_of(cell):
    """What kinds of output a cell has, apart from text: pictures, tables."""
    return [sorted(output.data) for output in cell.outputs if output.output_type != "stream"]


def out_of_step(committed, fresh):
    """Identifiers of the code cells whose committed outputs are not those of a fresh run."""
    stale = []
    for old, new in zip(committed.cells, fresh.cells):
        if old.cell_type != "code":
            continue
        old_text, new_text = text_of(old), text_of(new)
        same_words = NUMBER.sub("#", old_text).split() == NUMBER.sub("#", new_text).split()
        old_numbers, new_numbers = ([float(found) for found in NUMBER.findall(text)] for text in (old_text, new_text))
        same_numbers = SHOWS_ROUNDING in old.metadata.get("tags", []) or old_numbers == pytest.approx(
            new_numbers, rel=PRINTED_DIGITS, abs=PRINTED_DIGITS
        )
        if not (same_words and same_numbers and kinds_of(old) == kinds_of(new)):
            stale.append(old.id)
    return stale


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_outputs_are_in_step_with_a_fresh_run(path):
    committed = nbformat.read(path, as_version=4)
    assert out_of_step(committed, execute(committed)) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_valid_small_and_executed_in_order(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < 500_000
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in code for output in cell.outputs if output.get("name") == "stderr"]


def test_there_is_a_notebook():
    assert NOTEBOOKS


def _stream(text, tags=()):
    output = nbformat.v4.new_output("stream", name="stdout", text=text)
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", outputs=[output], id="cell", metadata={"tags": list(tags)})]
    )


@pytest.mark.parametrize(
    ("old", "new", "tags", "stale"),
    [
        ("slope 0.6", "slope 0.6000000001", (), []),
        ("slope 0.6", "slope 0.61", (), ["cell"]),
        ("slope 0.6", "incline 0.6", (), ["cell"]),
        ("slope -0.6", "slope 0.6", (), ["cell"]),
        ("error 3e-01", "error 7e-02", (SHOWS_ROUNDING,), []),
        ("error 3e-01", "mistake 3e-01", (SHOWS_ROUNDING,), ["cell"]),
    ],
)
def test_a_changed_number_or_word_is_out_of_step(old, new, tags, stale):
    assert out_of_step(_stream(old, tags), _stream(new, tags)) == stale


def test_a_picture_that_is_gone_is_out_of_step():
    with_picture, without = _stream("text"), _stream("text")
    with_picture.cells[0].outputs.append(nbformat.v4.new_output("display_data", data={"image/png": ""}))
    assert out_of_step(with_picture, without) == ["cell"]


def test_ols_says_what_is_so():
    """The figures behind the prose: hand, ours and scikit-learn's agree; each solver fails where the text says."""
    facts = nbformat.v4.new_code_cell(
        "import json\n"
        "print(json.dumps({'by hand': [slope, intercept], 'ours': [ours.coef_[0], ours.intercept_],\n"
        "  'theirs': [theirs.coef_[0], theirs.intercept_], 'largest difference': largest_difference,\n"
        "  'errors': {f'{name} {epsilon:.0e}': error for (name, epsilon), error in errors.items()}}))"
    )
    notebook = execute(nbformat.read(ROOT / "notebooks" / "ols.ipynb", as_version=4), facts)
    found = json.loads(text_of(notebook.cells[-1]))
    assert found["by hand"] == pytest.approx([0.6, 2.2], abs=1e-14)
    assert found["ours"] == pytest.approx(found["by hand"], abs=1e-14)
    assert found["theirs"] == pytest.approx(found["by hand"], abs=1e-14)
    assert found["largest difference"] < 1e-12
    errors = found["errors"]
    # Beside a condition number of 1e9, eps times it is 2e-7; a decade more for the size of the table.
    assert max(error for name, error in errors.items() if name.startswith("ours")) < 2e-6
    assert errors["normal equations 1e-07"] > 1e-3
    assert errors["scikit-learn 1e-07"] == pytest.approx(2.5, abs=1e-3)
    assert errors["scikit-learn, tol=1e-16 1e-07"] < 1e-7

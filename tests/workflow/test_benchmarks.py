"""The table of docs/performance.md; a job graph that does not grow with patients."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))

import collect  # noqa: E402
import demonstration  # noqa: E402
import job_graph  # noqa: E402
import synthetic_inputs  # noqa: E402
from rows import PLACE, Row, publish  # noqa: E402
from synthetic_inputs import configuration, recipe  # noqa: E402

SLOW = Row("a step", 3.0, "s", "a peer", 2.0, 1.05)
QUICK = Row("a sum", 1.0, "ms", "a floor", 4.0, 0.5)
PAGE = f"""# Performance

{collect.START}
| `{{own}}` | an old row | 1 s | a peer | 1 s | 1 | ≤ 1 |
| `long_gone` | of no script | 1 s | a peer | 1 s | 1 | ≤ 1 |
{collect.END}

After.
"""


@pytest.fixture
def page(tmp_path, monkeypatch):
    path = tmp_path / "performance.md"
    path.write_text(PAGE.format(own="training"))
    monkeypatch.setattr(collect, "PAGE", path)
    monkeypatch.setattr(collect, "measured", lambda name: [SLOW, QUICK])
    return path


def test_published_rows_arrive_at_the_collector(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(PLACE, str(tmp_path / "rows"))
    publish([SLOW])
    publish([QUICK])
    lines = (tmp_path / "rows").read_text().splitlines()
    assert [Row(**json.loads(line)) for line in lines] == [SLOW, QUICK]
    assert "a step: 3 s, a peer 2, ratio 1.5 (bound 1.05)" in capsys.readouterr().out


def test_a_run_replaces_its_rows_and_keeps_those_of_others(page, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["collect.py", "job_graph"])
    collect.main()
    text = page.read_text()
    assert "| `training` | an old row |" in text
    assert "long_gone" not in text
    assert "| `job_graph` | a sum | 1 ms | a floor | 4 ms | 0.25 | ≤ 0.5 |" in text
    assert "**1.5**" in text
    assert text.startswith("# Performance\n") and text.endswith("\n\nAfter.\n")
    assert "Bounds missed: job_graph: a step" in capsys.readouterr().out
    collect.main()
    assert page.read_text().count("a sum") == 1


def test_every_benchmark_of_the_table_is_found():
    names = collect.benchmarks()
    assert {"augmentation", "extraction", "job_graph", "training"} <= set(names)
    assert "rows" not in names and "collect" not in names


@pytest.mark.parametrize("overlays", [(), ("paper_network",)])
def test_a_benchmark_trains_as_the_configuration_says(overlays):
    config = configuration(*overlays)
    plan = recipe(config, "xmask", 7)
    assert plan.image.masked and plan.seed == 7
    assert plan.network.first_width == config["cnn"]["first_width"]
    assert plan.epochs == config["training"]["epochs"]


def test_the_demonstration_is_the_sum_of_its_jobs(tmp_path):
    for log, whole, before in (
        ("train_cnn/xmask.log", 80.5, 6.0),
        ("train_cnn/status_balanced.log", 100.0, 6.5),
        ("draw_figure_5.log", 3.25, 1.5),
    ):
        (tmp_path / log).parent.mkdir(exist_ok=True)
        line = f"CPU time {whole:.2f} s, of which {before:.2f} s before the work began"
        (tmp_path / log).write_text(f"INFO nodal_staging: {line}\n")
    rows = {
        r.what: r for r in demonstration.rows_of(demonstration.read_times(tmp_path))
    }
    whole = rows["all jobs, CPU time"]
    assert (whole.ours, whole.theirs, whole.bound) == (183.75, 650, 1)
    assert rows["imports before the work"].ratio == pytest.approx(14 / 18.375)
    assert rows["cnn"].ours == 180.5 and rows["figures"].ours == 3.25
    (tmp_path / "draw_figure_2.log").write_text("INFO nodal_staging: killed\n")
    with pytest.raises(SystemExit, match=r"1 of 4 logs contain no CPU time"):
        demonstration.read_times(tmp_path)


def jobs(arguments):
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "host"]
    done = subprocess.run(
        [*command, *arguments],
        cwd=job_graph.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = (done.stdout + done.stderr).splitlines()
    return Counter(line for line in lines if line.startswith("rule "))


@pytest.mark.workflow
def test_the_job_graph_does_not_grow_with_patients(tmp_path):
    few, many = (jobs(job_graph.study(tmp_path, n, 8)) for n in (20, 4000))
    assert sum(few.values()) > 50
    assert few == many


@pytest.mark.parametrize("overlay", [(), ("paper_network",)])
def test_benchmarks_train_by_the_recipe_of_the_workflow(overlay):
    found = synthetic_inputs.recipe(
        synthetic_inputs.configuration(*overlay), "xmask", 5
    )
    assert found.image.masked
    assert found.seed == 5

"""How long things take: the ratios are right, the smoke run works, and the page says what was measured."""

import json
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from bench import __main__ as bench
from bench import page, parts, timing
from helpers.machine import processor


class Clock:
    """Stands for the clock: each function lets it go on by its own seconds, and the machine gets slower."""

    def __init__(self):
        self.now, self.slower = 0.0, 1.0

    def taking(self, seconds):
        def function():
            self.now += seconds * self.slower
            self.slower *= 1.1

        return function


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock.now)
    return clock


def test_a_ratio_holds_while_the_machine_gets_slower(clock):
    seconds = timing.take_turns({"one": clock.taking(1.0), "two": clock.taking(2.0)}, rounds=20)
    assert seconds["one"][-1] > 5 * seconds["one"][0]
    assert timing.ratio(seconds, "two", "one").median == pytest.approx(2.0, rel=0.11)
    again = timing.ratio(seconds, "one", "one")
    assert again == (1.0, 1.0, 1.0)


def test_the_first_round_does_not_count(clock):
    first = iter([100.0])

    def slow_at_first():
        clock.now += next(first, 1.0)

    assert timing.take_turns({"it": slow_at_first}, rounds=3) == {"it": [1.0, 1.0, 1.0]}


def test_a_spread_is_the_median_and_the_quartiles():
    assert timing.spread([5, 1, 2, 4, 3]) == (3, 2, 4)
    assert timing.spread([7.5]) == (7.5, 7.5, 7.5)


def test_a_part_that_is_not_there_is_refused_with_those_that_are(capsys):
    with pytest.raises(SystemExit):
        bench.arguments(["pictures"])
    assert (
        "unknown: pictures. Choose from: start, loop, peak, threads, waiting, notebooks"
        in capsys.readouterr().err
    )


def test_a_smoke_run_measures_a_picture_and_leaves_the_page_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "FILE", tmp_path / "docs" / "benchmarks.json")
    bench.main(["loop", "--quick"])
    assert not bench.FILE.exists()
    found = json.loads((tmp_path / "out" / "bench" / "benchmarks.json").read_text())["results"]["loop"]
    table = page.pictures_table(found)
    for way in ("loop", "pipeline", "fast"):
        median, low, high = found["a picture"]["1"][way]
        assert 0 < low <= median <= high
        assert f"{median:.2f} ({low:.2f}–{high:.2f}) s" in table
    assert found["calls of the fast way"] == parts.fewest_calls() < 30


@pytest.mark.parametrize("fast", [True, False])
def test_bfloat16_is_timed_where_it_is_fast_alone(fast, monkeypatch):
    monkeypatch.setattr(parts, "bfloat16_is_fast", lambda device: fast)
    monkeypatch.setattr(parts, "load_components", lambda *_: None)
    for name in ("matrix_product", "painter"):
        monkeypatch.setattr(parts, name, lambda *_: lambda: None)
    assert ("bf16" in page.peak_table(parts.peak(quick=True))) == fast


def test_the_fast_way_has_the_fewest_calls_that_are_as_good_or_as_many_as_usual(monkeypatch):
    def point(steps, rate, distance):
        rates = {name: {"rate": rate} for name in ("attributes_right", "all_right")}
        return {"steps": steps, "calls": steps, "frechet_distance": distance, **rates}

    curves = {"PNDM": [point(29, 0.9, 50.0)], "DPM++ 2M": [point(5, 0.8, 49.0), point(8, 0.9, 53.0)]}
    monkeypatch.setattr(parts, "load_measured", lambda name: {"curves": curves})
    assert parts.fewest_calls() == 29
    curves["DPM++ 2M"] += [point(12, 0.9, 52.0), point(20, 0.95, 40.0)]
    assert parts.fewest_calls() == 12


def test_the_block_gives_the_threads_back():
    before = parts.torch.get_num_threads()
    with pytest.raises(KeyError), parts.threads(before + 1):
        assert parts.torch.get_num_threads() == before + 1
        raise KeyError
    assert parts.torch.get_num_threads() == before


def test_each_number_of_threads_and_each_way_of_waiting_has_a_process_of_its_own(monkeypatch):
    def run(command, env, **options):
        wait = env.get("OMP_WAIT_POLICY")
        seen.append((int(env["OMP_NUM_THREADS"]), wait))
        return SimpleNamespace(stdout=f"{seen[-1][0] + parts.WAITS.index(wait) / 10}\n")

    seen = []
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    monkeypatch.setattr(parts.subprocess, "run", run)
    monkeypatch.setattr(parts, "busy", lambda processes: nullcontext(seen.append(processes)))
    monkeypatch.setattr(parts, "cores", lambda: 2.0)
    found = parts.waiting(quick=False)
    each = {(count, wait) for count in (1, 2) for wait in parts.WAITS}
    assert seen[0] == 0 and set(seen[1:7]) == set(seen[7:13]) == each and seen[1:7] != seen[7:13]
    assert seen.count(1) == 1 and len(seen) == 2 + 2 * 5 * len(each)
    assert "| 2 threads, active | 2.10 (2.10–2.10) s | 2.10 (2.10–2.10) s |" in page.waiting_table(found)


def test_a_busy_program_ends_with_its_block():
    with parts.busy(1) as running:
        assert [each.poll() for each in running] == [None]
    assert None not in [each.poll() for each in running]


def test_the_machine_has_a_name_and_the_cores_that_may_be_used(tmp_path, monkeypatch):
    monkeypatch.setattr(processor, "CGROUP", tmp_path)
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    processor.CPUINFO.write_text("processor : 0\nmodel name\t: Abacus 7: wood\nprocessor : 1\n")
    monkeypatch.setattr(processor.os, "sched_getaffinity", lambda _: range(4), raising=False)
    assert processor.machine() == {"cpu": "Abacus 7: wood", "cores": 4}
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert bench.made()["machine"] == "Abacus 7: wood, 1 core"
    assert [processor.counted(n, "core") for n in (0.25, 2, 128)] == ["0.25 cores", "2 cores", "128 cores"]
    processor.CPUINFO.unlink()
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert processor.machine()["cpu"] and processor.machine()["cores"] == 1.5


def test_the_page_says_what_was_measured():
    measured = json.loads(bench.FILE.read_text(encoding="utf-8"))
    assert set(parts.PARTS) - parts.OPTIONAL <= set(measured["results"])
    assert page.PAGE.read_text(encoding="utf-8") == page.text(measured["made"], measured["results"])

"""Every program of ``make storm`` at a small size: it holds, and its control does not."""

import pytest

from tests.storm.program import programs
from tests.storm.stage import stage

SEED = 20_260


@pytest.fixture(scope="module")
def the_stage():
    with stage() as made:
        yield made


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.name)
def test_figure_holds_and_its_control_does_not(the_stage, program):
    ran, broken = the_stage.measure_with_control(program, n=program.small, seed=SEED)

    assert ran.held, ran.measured
    assert not broken.held, broken.measured
    assert not broken.measured.startswith("DIED"), broken.measured

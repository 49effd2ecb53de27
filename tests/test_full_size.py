"""Stable Diffusion v1-4's architecture, as far as it can be had without its weights."""

import subprocess
import sys

import pytest
import torch

from tests import full_size


def test_the_published_architecture_has_the_published_number_of_parameters():
    with torch.device("meta"):  # shapes without memory
        assert full_size.parameters(full_size.networks()) == full_size.PARAMETERS
    assert [round(count / 1e6, 2) for count in full_size.PARAMETERS.values()] == [859.52, 123.06, 83.65]


def test_a_notebook_that_is_not_there_is_refused(capsys):
    with pytest.raises(SystemExit):
        full_size.main(["77"])
    assert "there is no notebook 77" in capsys.readouterr().err


@pytest.mark.slow
def test_loop_and_notebooks_run_at_full_size():
    subprocess.run([sys.executable, "-m", "tests.full_size"], check=True)

# Every target makes .venv first if it is missing. On Windows, type the commands themselves (see README.md).
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# These files say that .venv holds what a picture needs, and that it holds all: notebooks, training, tests.
PAINTS := .venv/.paints
READY := .venv/.ready
ROOT_USER := $(if $(filter 0,$(shell id -u)),--allow-root)  # as root, in a container, JupyterLab asks for it

# From make's own command line alone, not from the environment, where other programs keep a PROMPT of theirs.
# And letter by letter: `$(value ...)` leaves a $ as it is, and what isn't exported is never expanded.
PROMPT = an astronaut on mars
SEED = 0
unexport PROMPT SEED
export PICTURE_PROMPT = $(value PROMPT)
export PICTURE_SEED = $(value SEED)

.DEFAULT_GOAL := help
.PHONY: help lab work reset progress picture preflight test notebooks slides site handout bench train evaluate contact-sheet badges lock wheel clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# Every package but torch is installed with its hash checked, and nothing but what the lock names.
$(PAINTS): requirements/torch.lock requirements/picture.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed. Name one: make PYTHON=python3.12 ..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes --no-deps -r requirements/picture.lock
	$(PIP) -r requirements/torch.lock
	@touch $@

$(READY): $(PAINTS) requirements/all.lock
	$(PIP) --require-hashes --no-deps -r requirements/all.lock
	@touch $@

lab: $(READY)  ## open JupyterLab on your own copy of the first notebook, in work/
	@$(BIN)/python -m tools.work
	$(BIN)/python -m jupyterlab --config=tools/lab_config.py --ServerApp.root_dir="$(CURDIR)" $(ROOT_USER)

work: $(READY)  ## copy the notebooks into work/, for you to write in; what you changed stays
	@$(BIN)/python -m tools.work

reset: $(READY)  ## your copies as new, what you wrote is kept: make reset, or make reset NOTEBOOK=05
	@$(BIN)/python -m tools.work reset $(NOTEBOOK)

progress: $(READY)  ## the exercises that you have answered rightly
	@$(BIN)/python -m tools.work progress

picture: $(PAINTS)  ## paint one picture: make picture PROMPT="an astronaut on mars" SEED=0
	@$(BIN)/python -m tools.picture --seed="$$PICTURE_SEED" -- "$$PICTURE_PROMPT"

preflight: $(READY)  ## is this machine ready for a workshop? half a minute
	@$(BIN)/python -m tools.preflight

test: $(READY)  ## linters, unit tests, every cell of every notebook
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/yamllint --strict .
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

notebooks: $(READY)  ## execute all notebooks in place, from clean kernels
	$(BIN)/python -m tools.execute_notebooks

slides: $(READY)  ## a deck for each notebook, into out/slides; opens without a network
	@$(BIN)/python -m tools.slides

site: slides  ## all notebooks, docs and decks as pages, into out/site; opens without a network
	@$(BIN)/python -m tools.site

handout: $(READY)  ## copies for learners, solved, and for paper, the loop on a page of A4, into out/handout
	@$(BIN)/python -m tools.handout

bench: $(READY)  ## how long things take on this machine, into docs/benchmarks.md
	$(BIN)/python -m bench

train: $(READY)  ## train Pocket Planets from nothing
	$(BIN)/python -m training all

evaluate: $(READY)  ## measure the trained model
	$(BIN)/python -m training evaluate

contact-sheet: $(READY)  ## look at the pictures that the model is trained on
	$(BIN)/python -m worlds.planets

badges: $(READY)  ## stamp into the notebooks what all share: the address, the glossary, the last line
	$(BIN)/python -m tools.stamp_badges

lock: $(READY)  ## pin what pyproject.toml asks for; the newest of it: make lock UPGRADE=--upgrade
	$(BIN)/uv pip compile --quiet $(UPGRADE) pyproject.toml --all-extras -c requirements/torch.lock -o requirements/all.lock
	$(BIN)/uv pip compile --quiet $(UPGRADE) pyproject.toml -c requirements/torch.lock -c requirements/all.lock -o requirements/picture.lock

wheel: $(READY)  ## build the wheel into out/
	$(BIN)/python -m build --wheel --outdir out .

clean:  ## remove what can be made again, except .venv and the training cache
	rm -rf out build *.egg-info .pytest_cache .ruff_cache
	find . -name .venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +

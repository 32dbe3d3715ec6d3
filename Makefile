# Two commands do everything from a fresh clone: `make report` and `make test`.
# Each builds .venv first, from requirements.lock alone, every file checked by its hash.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
RUN = .venv/bin/python
READY = .venv/.ready
TESTED = .venv/.readytest
PIN = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header -q --extra build
ARGS ?=

.PHONY: help report test lab notebooks tables dictionary learn audit bench stress dist vulnerabilities lock

help: ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

report: $(READY) ## run all notebooks; reports/ holds one HTML per report and language, and an index
	@.venv/bin/party-cells report $(ARGS)

test: $(TESTED) ## run every test: helpers, tables, notebooks, reports in a browser
	@$(RUN) -m pytest -q -n 2 --dist loadscope --nbval --nbval-current-env \
		--nbval-sanitize-with tests/nbval.cfg src tests notebooks $(ARGS)

lab: $(READY) ## open JupyterLab on the first notebook
	@$(RUN) -m jupyterlab notebooks/10-read-the-corpus.ipynb $(ARGS)

notebooks: $(READY) ## run the committed notebooks in place and show which outputs changed
	@.venv/bin/party-cells notebooks $(ARGS)

tables: $(READY) ## derive facts.csv and codings.csv from the decisions
	@.venv/bin/party-cells tables $(ARGS)

dictionary: $(READY) ## print the data dictionary into data/README.md
	@$(RUN) -c "from helpers import codebook, paths; \
		codebook.replace(paths.ROOT / 'data' / 'README.md', codebook.describe())"

learn: $(READY) ## learn the second reader again where its examples changed; ARGS="--data FOLDER": a collection's own
	@$(RUN) -m party_cells.proposer.learning $(ARGS)

audit: $(READY) ## check the facts against each other
	@.venv/bin/party-cells audit $(ARGS)

bench: $(TESTED) ## measure speed, memory and growth on this machine, as ratios
	@$(RUN) -m benchmarks $(ARGS)

stress: $(TESTED) ## ten minutes of hostile input per target; long kill and concurrency runs
	@$(RUN) -m pytest -q -p no:cacheprovider tests/stress $(ARGS)

dist: $(READY) ## build the wheel, with codebooks, notebooks and learned weights, into dist/
	@rm -rf build && $(RUN) -c "from setuptools import build_meta; build_meta.build_wheel('dist')" >/dev/null && rm -rf build src/*.egg-info

vulnerabilities: $(TESTED) ## ask the advisory database about every pinned dependency
	@$(RUN) -m pip_audit --strict --require-hashes --disable-pip -r requirements.lock \
		-r requirements-test.lock

docs/rating-bar.svg: notebooks/65-compare-ratings.ipynb $(READY)
	@$(RUN) -c "import json; cells = json.load(open('$<', encoding='utf-8'))['cells']; \
		drawn = [o['data']['image/svg+xml'] for c in cells for o in c.get('outputs', []) \
		if 'image/svg+xml' in o.get('data', {})]; \
		open('$@', 'w', encoding='utf-8').write(''.join(drawn[0]))"

lock: ## pin the dependencies again (needs uv)
	@$(PIN) --upgrade -o requirements.lock
	@$(PIN) --upgrade --extra test --extra cluster -c requirements.lock -o requirements-test.lock \
		$$(sed -nE 's/^([A-Za-z0-9._-]+)==.*/--no-emit-package \1/p' requirements.lock)
	@echo uv | uv pip compile - --universal --generate-hashes --upgrade \
		--no-emit-index-url --no-annotate --no-header -q -o .ci/uv.lock

$(READY): requirements.lock pyproject.toml
	@sh .ci/environment "$(PYTHON)"

$(TESTED): requirements-test.lock $(READY)
	@sh .ci/environment "$(PYTHON)" test

# Targets for people. `make` alone prints them.
.DEFAULT_GOAL := help

# Arrow results straight from DuckDB need this tag; everything also builds without it.
TAGS    := duckdb_arrow
# The rooms whose tests take longest come first, so that no processor is idle at the end.
ROOMS   := ./cmd/plumbline ./web ./metrics ./ingest ./reports ./...
ECHARTS := charts/assets/echarts.min.js
BIN     := bin/plumbline

# The same for building, testing and checking, so that nothing is compiled twice.
export GOFLAGS := -trimpath $(GOFLAGS)

.PHONY: help run build test check bench pictures clean

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, take the sample company through (files, KPIs, reviews, workbook, charts, pack), and serve it
	@./$(BIN) demo -o out

build: $(ECHARTS) ## make bin/plumbline
	@go build -tags $(TAGS) -o $(BIN) ./cmd/plumbline

$(ECHARTS): charts/package-lock.json
	@cd charts && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@cp charts/node_modules/echarts/dist/echarts.min.js $@

test: build ## run all tests; those that need Chromium or LibreOffice are named when they are skipped
	@mkdir -p bin
	@go test -v -p 3 -timeout 40m -tags $(TAGS) $(ROOMS) > bin/test.log 2>&1; code=$$?; \
	  grep -a -E '^(ok|FAIL|panic:)|^ *--- (SKIP|FAIL)' bin/test.log; \
	  if [ $$code -ne 0 ]; then echo "the whole output is in bin/test.log"; grep -a -B 40 -E '^ *--- FAIL|^panic:' bin/test.log | tail -n 120; fi; exit $$code
	@# Without the tag one thing is another: tx.Arrow makes its records of rows. The test named reads records of every type.
	@go test -run '^TestArrow' ./internal/warehouse

check: ## formatting, vet, staticcheck; without the Arrow tag only the room that knows of it is another
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not formatted:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	@go vet ./internal/warehouse
	@go vet -tags $(TAGS) ./...
	@go tool staticcheck -tags $(TAGS) ./...

bench: build ## time and memory against the stated references, in one run
	@mkdir -p bin/bench
	@export PLUMBLINE_BENCH=$(CURDIR)/bin/bench PLUMBLINE_BENCH_DATA=$(CURDIR)/bin/bench/data; \
	  for room in . ./metrics ./reviews ./charts ./reports ./reports/pack ./ingest/sheet ./internal/ledger ./internal/trail ./web; do \
	    go test -run '^$$' -bench . -skip Tenfold -benchtime 3x -timeout 60m -tags $(TAGS) $$room || exit 1; \
	  done; \
	  test -z "$$PLUMBLINE_BENCH_TENFOLD" || for room in . ./metrics; do \
	    go test -run '^$$' -bench Tenfold -benchtime 1x -timeout 120m -tags $(TAGS) $$room || exit 1; \
	  done

pictures: build ## draw the README's pictures anew (needs Chromium and poppler)
	@./$(BIN) demo -o out --no-serve > /dev/null
	@chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync \
	  --hide-scrollbars --user-data-dir=$$(mktemp -d) --window-size=1280,1180 --screenshot=docs/charts.png file://$(CURDIR)/out/charts/index.html 2> /dev/null
	@./$(BIN) pack 2026Q3 --data out/data -o out/pictures > /dev/null
	@pdftoppm -r 72 -png -f 2 -l 2 -singlefile out/pictures/*.pdf docs/pack-summary
	@pdftoppm -r 72 -png -f 7 -l 7 -singlefile out/pictures/*.pdf docs/pack-department

clean: ## remove what was built
	@rm -rf bin out $(ECHARTS) charts/node_modules

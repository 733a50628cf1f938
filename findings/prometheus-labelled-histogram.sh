#!/usr/bin/env bash
# parse-prometheus-text-format 1.1.1 merges all series of a histogram or summary that has labels, and drops sums and
# counts.
#
# Run: a histogram with one label and two series, as every exporter writes it, and the same without a label.
# Expected: two series, each with buckets, sum and count. The text format (prometheus.io, "Exposition formats",
# section "Histograms and summaries") adds `le` to the labels that a series has; `_sum` and `_count` carry the same
# labels without `le`. The README names prom2json as the form of the result, which has both series with labels.
# Seen (parse-prometheus-text-format 1.1.1, 2026-11): one entry without labels. Its buckets are those of the series
# that was read last; the other series, all sums and all counts are gone. No error. (There is an open report of the
# lost sum, yunyu/parse-prometheus-text-format issue 13.)
# Before an MDM server: the latency of a proxy is a histogram by route or by upstream. A dashboard or a capacity
# check that reads it with this package shows the latency of one route for all routes, and no rate at all.
# Workaround: parse the samples as untyped by removing the `# TYPE` lines, and group them by their labels yourself.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm parse-prometheus-text-format@1.1.1

cat > histogram.mjs <<'JS'
import parse from 'parse-prometheus-text-format'
const series = (labels, comma, low, all) => `
seconds_bucket{${labels}${comma}le="0.5"} ${low}
seconds_bucket{${labels}${comma}le="+Inf"} ${all}
seconds_sum{${labels}} ${all * 2}
seconds_count{${labels}} ${all}`
const text =
  process.argv[2] === 'labels'
    ? series('route="sync"', ',', 1, 2) + series('route="enroll"', ',', 30, 40)
    : series('', '', 1, 2).replaceAll('{}', '')
console.log(JSON.stringify(parse(`# TYPE seconds histogram${text}\n`)[0].metrics))
JS

seen 'one series without labels' '[{"buckets":{"0.5":"1","+Inf":"2"},"count":"2","sum":"4"}]' \
  "$(node histogram.mjs none)"
seen 'the series route="sync" and route="enroll"' '[{"buckets":{"0.5":"30","+Inf":"40"}}]' \
  "$(node histogram.mjs labels)"
verdict 'Prometheus text format, "Histograms and summaries": each set of labels is a series with buckets, sum, count'

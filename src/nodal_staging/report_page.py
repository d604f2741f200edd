"""The page of the report, as a template."""

PAGE = """{% macro figure(name) %}{% set one = figures[name] %}
<figure id="{{ name }}"><img alt="{{ one.legend.title }}"
src="data:image/svg+xml;base64,{{ one.svg | base64 }}">
<figcaption><strong>{{ one.label }}. {{ one.legend.title }}.</strong>
{{ one.legend.caption }}</figcaption></figure>
{% endmacro %}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nodal-staging: {{ study }}</title>
<style>
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; margin: 0 auto;
       max-width: 74rem; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.banner { border-left: 6px solid #d55e00; background: #fff4ec; padding: .7rem 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .8rem; margin: .6rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; white-space: normal; }
p, li, figcaption { max-width: 52rem; }
th, td { padding: .25rem .5rem; text-align: left; border-bottom: 1px solid #ddd;
         vertical-align: top; white-space: nowrap; }
th { border-bottom: 2px solid #444; }
th[scope="row"] { border-bottom: 1px solid #ddd; font-weight: 500; }
td.text { white-space: normal; }
figure { margin: 1rem 0; } figure img { width: 100%; height: auto; }
figcaption, .note { font-size: .88rem; color: #444; }
ol.contents { columns: 2; font-size: .9rem; padding-left: 1.2rem; }
a { color: #0058a3; }
@media (max-width: 40rem) { body { font-size: 15px; } ol.contents { columns: 1; } }
@media print {
  body { max-width: none; font-size: 10pt; } h2 { break-after: avoid; }
  .wide { overflow: visible; } table { font-size: 7pt; }
  th, td { white-space: normal; padding: .1rem .25rem; }
  figure, tr { break-inside: avoid; }
}
</style>
</head>
<body>
<h1>Can CT alone tell a PSMA-PET-positive lymph node? Study “{{ study }}”</h1>
<p class="banner">
{% if synthetic %}<strong>Synthetic cohort with known truth.</strong> No number on this
page says anything about patients. {% endif %}
For research use only; not a medical device.
</p>
<ol class="contents">
{% for anchor, title in contents %}<li><a href="#{{ anchor }}">{{ title }}</a></li>
{% endfor %}</ol>

<h2 id="cohort">Cohort</h2>
<p>{{ flow.screened.patients }} patients with {{ flow.screened.exams }} exams were
screened; {{ flow.included.patients }} patients were included. Each excluded exam is
counted under the first criterion that it failed.</p>
<div class="wide"><table><caption>Exams excluded</caption>
<tr><th>Reason code</th><th>Meaning</th><th>Exams</th></tr>
{% for reason, count in flow.excluded_exams | dictsort %}
<tr><td>{{ reason }}</td><td class="text">{{ flow.criteria.get(reason, "the exam cannot
be used; cohort/exams.tsv says why") }}</td><td>{{ count }}</td></tr>
{% endfor %}</table>
<table><caption>Characteristics: mean ± standard deviation [range] or median
[quartiles]</caption>
<tr><th></th>{% for name in partitions %}<th>{{ name }}</th>{% endfor %}</tr>
{% for name, cells in characteristics %}
<tr><td>{{ name }}</td>{% for cell in cells %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></div>

{{ figure("figure_1") }}
{{ figure("figure_2") }}

<h2 id="datasets">Datasets and leakage</h2>
<p>Protocol: split by {{ certificate.protocol }}. The test set has
{{ certificate.test.positive }} positive and {{ certificate.test.negative }} negative
nodes of {{ certificate.test.patients }} patients. The network’s input is normalised by
a {{ certificate.normaliser_source }}.</p>
<div class="wide"><table><caption>What stands on both sides of the split</caption>
<tr><th>Training set</th><th>Nodes</th><th>Positive</th><th>Patients</th>
<th>Shared patients</th><th>Test nodes with a sibling</th>
<th>Identical patches</th></tr>
{% for name, set in certificate.training | dictsort %}
<tr><td>{{ name }}</td><td>{{ set.nodes }}</td><td>{{ set.positive }}</td>
<td>{{ set.patients }}</td><td>{{ set.shared_patients }}</td>
<td>{{ set.test_nodes_with_sibling }}</td><td>{{ set.identical_patches | length }}</td>
</tr>{% endfor %}</table></div>
{% for weakness in verdict.weaknesses %}
<p class="banner">Known weakness: {{ weakness }}.</p>{% endfor %}
{{ figure("figure_3") }}

<h2 id="classifiers">CNNs, readers and forests</h2>
{{ figure("figure_4") }}
{{ figure("figure_5") }}

<h2 id="table_1">Table 1: performance on the test set</h2>
<div class="wide">{{ table_1 }}</div>

<h2 id="mcnemar">McNemar’s tests</h2>
<div class="wide">{{ mcnemar }}</div>
{% if ceilings %}
<h2 id="ceilings">Results beside their ceilings</h2>
<p>The truth of this cohort is known, so the best AUC that any classifier can reach that
sees the same is known too. A result significantly above its ceiling would mean a leak,
and would have failed the study. The realistic ceiling is that of a classifier that
reads the node from the scan as well as measurements can, blur and noise included.</p>
{% if verdict.null %}<p class="banner"><strong>Null cohort: nothing was planted, no
classifier can know more than chance.</strong> The
{{ "%g" | format(100 * verdict.null.level) }} % intervals (Obuchowski, logit) of
{{ verdict.null.covers | length }} of
{{ (verdict.null.covers + verdict.null.misses) | length }} classifiers cover
0.5{% if verdict.null.misses %}; not those of
{{ verdict.null.misses | map("printed") | join(", ") }}{% endif %}.</p>{% endif %}
<div class="wide"><table><caption>AUC and ceiling</caption>
<tr><th>Classifier</th><th>It sees</th><th>AUC</th><th>Standard error</th>
<th>Ceiling</th><th>Realistic</th><th>Difference</th><th>z</th><th>Status</th></tr>
{% for row in ceilings %}<tr><td>{{ row.classifier | printed }}</td>
<td>{{ row.ceiling_of | replace("_", " ") }}</td><td>{{ "%.3f" | format(row.auc) }}</td>
<td>{{ "%.3f" | format(row.standard_error) }}</td>
<td>{{ "%.3f" | format(row.ceiling) }}</td>
<td>{{ "%.3f" | format(row.realistic_ceiling) }}</td>
<td>{{ "%+.3f" | format(row.difference) }}</td><td>{{ "%+.1f" | format(row.z) }}</td>
<td>{{ row.status }} ceiling</td></tr>{% endfor %}</table></div>
{% endif %}
<h2 id="audit">Audit: the node, or its address?</h2>
<ul>{% for cnn, entry in verdict.cnns | dictsort %}
<li>{{ cnn | printed }}: {{ verdict_words[entry.reads] }}; AUC
{{ "%.3f" | format(entry.auc) }}, among nodes of the same location
{{ "%.3f" | format(entry.site_matched_auc) }}
({{ "%.3f" | format(entry.interval[0]) }} to {{ "%.3f" | format(entry.interval[1]) }}).
</li>{% endfor %}</ul>
<div class="wide"><table><caption>AUC over all pairs, and over pairs of the same
location</caption>
<tr><th>Classifier</th><th>AUC</th><th>Same location</th><th>Interval (bootstrap of
patients)</th><th>Pairs</th></tr>
{% for row in location %}<tr><td>{{ row.classifier | printed }}</td>
<td>{{ "%.3f" | format(row.auc) }}</td>
<td>{{ "%.3f" | format(row.site_matched_auc) }}</td>
<td>{{ "%.3f" | format(row.lower) }} to {{ "%.3f" | format(row.upper) }}</td>
<td>{{ row.pairs }}</td></tr>{% endfor %}</table>
<table><caption>Share of the absolute relevance ({{ localisation[0].method }})
that lies on the node</caption>
<tr><th>CNN</th><th>On the node</th><th>Interval</th><th>Share of the area</th>
<th>Test nodes</th></tr>
{% for row in localisation %}<tr><td>{{ ("cnn_" ~ row.cnn) | printed }}</td>
<td>{{ "%.1f" | format(100 * row.share) }} %</td>
<td>{{ "%.1f" | format(100 * row.lower) }} to
{{ "%.1f" | format(100 * row.upper) }} %</td>
<td>{{ "%.1f" | format(100 * row.area) }} %</td><td>{{ row.nodes }}</td></tr>
{% endfor %}</table></div>

<h2 id="methods">How the numbers were made</h2>
<p>Engine of record: {{ bootstrap.engine }}. Bootstrap intervals: method
“{{ bootstrap.method }}” as reported by the engine,
{{ "{:,}".format(bootstrap.replicates) }} stratified replicates,
seeds in statistics/*.json. Obuchowski’s logit intervals account
for several nodes of a patient. Proportions: Wilson intervals from integer counts; F1: a
bootstrap of patients, {{ "{:,}".format(bootstrap.replicates) }} replicates. An
independent implementation recomputed all of them and agreed.</p>

<h2 id="provenance">Provenance</h2>
<div class="wide"><table><caption>Versions</caption>
<tr><td>Python</td><td>{{ provenance.python }}</td></tr>
<tr><td>Statistics</td><td>{{ provenance.statistics_engine }}</td></tr>
{% for name, number in provenance.packages | dictsort %}
<tr><td>{{ name }}</td><td>{{ number }}</td></tr>{% endfor %}
<tr><td>Code (SHA-256)</td><td>{{ provenance.code_sha256[:16] }}</td></tr>
<tr><td>Seed</td><td>{{ provenance.config.seed }}</td></tr></table></div>
<p class="note">Method after Hartenstein et al., Sci Rep 2020;10:3398,
doi 10.1038/s41598-020-60311-z.</p>
</body>
</html>
"""

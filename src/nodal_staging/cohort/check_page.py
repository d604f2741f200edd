"""The page of the dry inspection, as a template.

It stands beside its pictures, loads each when it comes into view, and works offline
and by keyboard: the arrow keys go from exam to exam.
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Check of {{ study }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 62rem;
  padding: 0 1rem 4rem; color: #1a1a1a; }
h1 { font-size: 1.5rem; } .counts { padding: 0; list-style: none; }
.counts label { cursor: pointer; }
article { border-top: 1px solid #ccc; padding: .8rem 0; scroll-margin-top: 1rem; }
article.here { outline: 3px solid #0072b2; outline-offset: .4rem; }
h2 { font-size: 1.05rem; margin: 0 0 .3rem; }
.badge { border-radius: .3rem; color: #fff; font-size: .8rem; margin-left: .5rem;
  padding: .1rem .45rem; vertical-align: .1rem; }
.problem .badge { background: #b3261e; } .excluded .badge { background: #6b6b6b; }
.remark .badge { background: #9a6700; } .ok .badge { background: #1a7f37; }
.facts { color: #555; margin: .2rem 0; } .sentence { margin: .2rem 0; }
img { background: #000; height: auto; max-width: 100%; }
@media print { article { break-inside: avoid; } .keys { display: none; } }
</style>
</head>
<body>
<h1>Check of {{ study }}</h1>
<p>{{ exams | length }} exams. Nothing was trained or measured yet; this page says what
the files hold, and what to mend before any hour is spent on them.</p>
<ul class="counts">
{% for name, words, count in verdicts %}
<li class="{{ name }}"><label><input type="checkbox" value="{{ name }}" checked>
<strong>{{ count }}</strong> {{ words }}<span class="badge">{{ name }}</span></label>
</li>
{% endfor %}
</ul>
<p class="keys">Arrow keys go from exam to exam; the boxes above show and hide.</p>
{% for exam in exams %}
<article class="{{ exam.verdict }}" id="exam-{{ loop.index }}" tabindex="-1">
<h2>{{ exam.exam_id }} of {{ exam.patient_id }}
<span class="badge">{{ exam.verdict }}</span></h2>
{% if exam.reason != "included" %}<p class="sentence"><strong>{{ exam.reason }}</strong>
{% if exam.reason in meanings %}({{ meanings[exam.reason] }}){% endif %}</p>{% endif %}
{% if exam.problem != "-" %}<p class="sentence">{{ exam.problem }}</p>{% endif %}
{% if exam.notes != "-" %}<p class="sentence">{{ exam.notes }}</p>{% endif %}
<p class="facts">contrast: {{ exam.contrast }} · low dose: {{ exam.low_dose }} ·
SUV: {{ exam.pet }} · nodes: {{ exam.nodes }}</p>
{% if exam.picture != "-" %}<a href="{{ exam.picture | urlencode }}"><img loading="lazy"
src="{{ exam.picture | urlencode }}"
alt="Nodes of exam {{ exam.exam_id }} on CT and PET"></a>{% endif %}
</article>
{% endfor %}
<script>
const boxes = [...document.querySelectorAll("input")];
const cards = [...document.querySelectorAll("article")];
const shown = () => cards.filter((card) => !card.hidden);
let here = -1;
boxes.forEach((box) => box.addEventListener("change", () => {
  const kept = new Set(boxes.filter((b) => b.checked).map((b) => b.value));
  cards.forEach((card) => { card.hidden = !kept.has(card.classList[0]); });
}));
document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const list = shown();
  if (!step || !list.length) return;
  event.preventDefault();
  cards.forEach((card) => card.classList.remove("here"));
  here = Math.min(Math.max(here + step, 0), list.length - 1);
  list[here].classList.add("here");
  list[here].scrollIntoView();
});
</script>
</body>
</html>
"""

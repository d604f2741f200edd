"""What the check page adds to the style sheet of all pages."""

STYLE = """
.finder { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center;
  position: sticky; top: 0; z-index: 3; padding: .5rem 0; background: var(--paper);
  border-bottom: 1px solid var(--line); font-size: .85rem; }
.finder[hidden] { display: none; }
.finder select, .finder input { font: inherit; color: inherit; max-width: 11rem;
  background: var(--paper); border: 1px solid var(--rule); border-radius: 4px; }
.finder p { margin: 0; } .export { display: flex; flex-wrap: wrap; gap: .4rem; }
.finder button, .node button, .sheet button, article button { border-radius: 4px;
  background: none; border: 1px solid var(--line); cursor: pointer; color: inherit; }
article { content-visibility: auto; contain-intrinsic-size: auto 14rem; }
article[hidden], .node[hidden] { display: none; }
.nodes { display: grid; gap: .6rem; list-style: none; margin: .5rem 0; padding: 0;
  grid-template-columns: repeat(auto-fill, minmax(15.5rem, 1fr)); }
#grid[hidden] { display: none; }
.node { display: flex; gap: .5rem; align-items: flex-start; font-size: .78rem;
  line-height: 1.35; border: 1px solid var(--line); border-radius: 4px;
  padding: .3rem; max-width: none; }
#grid > .node { content-visibility: auto; contain-intrinsic-size: auto 7.5rem; }
.node.accept { border-left: 4px solid #1a7f37; }
.node.doubt { border-left: 4px solid #b3261e; }
.look { padding: 0; line-height: 0; width: 98px; height: 98px; flex: none; }
.look canvas { width: 96px; height: 96px; background: #000; }
.known { display: flex; flex-direction: column; min-width: 0; flex: 1; }
.known .flag { color: var(--soft); }
.answers { display: flex; flex-wrap: wrap; gap: .3rem; margin-top: .2rem; }
[aria-pressed="true"] { background: var(--ink) !important;
  color: var(--paper) !important; }
.of-exam { font-size: .8rem; }

.sheet { width: 100vw; height: 100vh; max-width: none; max-height: none; border: 0;
  padding: 0; background: #101214; color: #e6e6e6; }
.sheet[open] { display: grid; grid-template-rows: auto 1fr; }
.sheet .tools { border-color: #3a3e43; font-size: .85rem; padding: .4rem .8rem; }
.sheet button, .sheet input, .sheet select { border-color: #6b7178; color: #e6e6e6;
  background: #1d2126; }
.sheet .body { display: grid; grid-template-columns: 1fr 19rem; min-height: 0; }
.sheet .views { min-height: 0; min-width: 0; }
.sheet .views { grid-template-columns: 2fr 1fr; grid-template-rows: 1fr 1fr; }
.sheet .views > :first-child { grid-row: 1 / 3; }
.sheet aside { overflow: auto; padding: .8rem; font-size: .85rem; }
.sheet aside p { margin: .3rem 0; }
.sheet textarea { width: 100%; box-sizing: border-box; font: inherit; color: #e6e6e6;
  background: #1d2126; border: 1px solid #6b7178; border-radius: 4px; }
.sheet [aria-pressed="true"] { background: #e6e6e6 !important;
  color: #101214 !important; }
@media (max-width: 50rem) {
  .sheet .body { grid-template-columns: 1fr; overflow: auto;
    grid-template-rows: minmax(16rem, 1fr) auto; }
  .sheet aside { overflow: visible; }
  .sheet .views { min-height: 30rem; }
  .sheet .views { grid-template-columns: 1fr 1fr; grid-template-rows: 3fr 2fr; }
  .sheet .views > :first-child { grid-area: 1 / 1 / 2 / 3; }
  .sheet .tools strong { min-width: 8rem; }
  .finder { position: static; }
}
@media print {
  .finder, .look, .answers, dialog { display: none !important; }
  article, .node { content-visibility: visible !important; break-inside: avoid; }
}
"""

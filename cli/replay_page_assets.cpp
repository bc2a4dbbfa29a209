#include "cli/replay_page_assets.h"

namespace tocsin::cli {

constexpr std::string_view kReplayPageStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #f6f6f3; --sheet: #fff; --ink: #1c2024; --soft: #59626c; --hair: #e2e3df; --rail: #e9eae6; --link: #1d4ed8;
  --pending: #e8a317; --firing: #d6322b; --resolved: #17803d; --zone: #d6322b12; --threshold: #b3261e; --code: #f3f3ef;
  --c0: #2458c9; --c1: #0b8a80; --c2: #7a3fd1; --c3: #8a6a08; --c4: #be2a78; --c5: #52606e; --band: #2458c91f;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", monospace;
  --names: 17rem;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121518; --sheet: #1a1e22; --ink: #e7e9eb; --soft: #9ba5af; --hair: #2c3238; --rail: #2a3036; --link: #8ab4ff;
    --pending: #f0b93a; --firing: #ff6a5e; --resolved: #4cc77a; --zone: #ff6a5e17; --threshold: #ff8a80; --code: #15181c;
    --c0: #7aa7ff; --c1: #3fd0c2; --c2: #b796ff; --c3: #d8b54a; --c4: #ff85bd; --c5: #a8b4c0; --band: #7aa7ff26;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 88rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--sheet); padding: .5rem 1rem; z-index: 9; }
h1, h2, h3, p, ul, pre { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: clamp(1.4rem, 1rem + 1.8vw, 2.1rem); line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; letter-spacing: -.005em; margin: 2.75rem 0 .75rem; }
h3 { font-size: 1.05rem; overflow-wrap: anywhere; }
.brand { color: var(--soft); font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; margin-bottom: .35rem; }
.window { color: var(--soft); margin-top: .35rem; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem 2.25rem; margin-top: 1.25rem; color: var(--soft); }
.figures b { display: block; font-size: 1.7rem; line-height: 1.15; font-weight: 600; color: var(--ink); letter-spacing: -.02em; }
.note { border-left: 3px solid var(--firing); padding: .1rem 0 .1rem .75rem; margin-top: .75rem; overflow-wrap: anywhere; }
.empty, .hint, .left { color: var(--soft); }
.left { margin-top: .5rem; font-size: .87rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .82rem; color: var(--soft); margin: -.25rem 0 .75rem; }
.legend i { display: inline-block; width: 1.4em; height: .75em; margin-right: .45em; border-radius: 2px; font-style: normal; }
.legend i.pending { background: var(--pending); height: .4em; margin-bottom: .15em; }
.legend i.firing { background: var(--firing); }
.legend i.resolved { background: var(--resolved); width: .25em; }
.legend i.told { background: none; width: auto; height: auto; color: var(--firing); line-height: 1; }
.legend i.told.resolved { color: var(--resolved); font-weight: 700; }
.rows, .rule, .quiet[open], table { background: var(--sheet); border: 1px solid var(--hair); border-radius: 10px; }
.rows { padding: .6rem 1rem .35rem; }
.rule { padding: 1rem 1rem .75rem; margin-top: 1rem; }
.rule .rows, .quiet .rows { border: 0; padding: 0; margin-top: .75rem; background: none; }
.rule:target { box-shadow: 0 0 0 2px var(--link); }
.row { display: grid; grid-template-columns: minmax(0, var(--names)) minmax(0, 1fr); gap: 0 3.25rem; align-items: start; padding: .14rem 0; }
.name { min-width: 0; font-size: .87rem; line-height: 1.35; overflow-wrap: anywhere; }
.name .sum { display: block; }
.sum { color: var(--soft); font-size: .8rem; }
.labels, .chip, .curve-name { font-family: var(--mono); font-size: .76rem; }
.name .labels, .curve-name {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; overflow: hidden; line-height: 1.35;
}
.what { color: var(--soft); }
.curve-name { position: relative; padding-left: 1.2rem; margin-top: .2rem; }
.curve-name i { position: absolute; left: 0; top: .5em; width: .85rem; height: 0; border-top: 2.5px solid; border-radius: 2px; }
.curve-name i.c0 { color: var(--c0); } .curve-name i.c1 { color: var(--c1); } .curve-name i.c2 { color: var(--c2); }
.curve-name i.c3 { color: var(--c3); } .curve-name i.c4 { color: var(--c4); } .curve-name i.c5 { color: var(--c5); }
.curve-name i.band { border: 0; height: .6em; top: .25em; background: var(--band); outline: 1px solid var(--hair); }
.facts { display: flex; flex-wrap: wrap; gap: .25rem .9rem; align-items: baseline; color: var(--soft); font-size: .85rem; margin-top: .2rem; overflow-wrap: anywhere; }
.facts .verdict { color: var(--ink); font-weight: 600; }
.chip { border: 1px solid var(--hair); border-radius: 4px; padding: 0 .35rem; }
pre { font: .8rem/1.5 var(--mono); background: var(--code); border-radius: 6px; padding: .5rem .75rem; overflow: auto; }
.expr { margin-top: .6rem; max-height: 14rem; }
.plot { min-width: 0; position: relative; }
svg { display: block; width: 100%; overflow: visible; }
.values .value { text-anchor: end; transform: translate(-13px, 7px); }
.lane { height: 18px; } .marks { height: 28px; } .axis { height: 21px; } .values { height: 132px; }
.lane > .stretch { height: 18px; } .values > .stretch { height: 132px; }
.rail { fill: var(--rail); }
.lane .pending { fill: var(--pending); } .lane .firing { fill: var(--firing); } .lane .resolved { fill: var(--resolved); }
.hit { fill: transparent; }
.mark { fill: var(--firing); stroke: var(--sheet); stroke-width: 1; }
.mark.resolved { fill: var(--sheet); stroke: var(--resolved); stroke-width: 2.2; }
.mark.failed { fill: none; stroke: var(--firing); stroke-width: 2.6; }
.count { font-size: 9.5px; text-anchor: middle; fill: var(--soft); }
a.told { cursor: pointer; } a.told:hover .mark, a.told:focus .mark { stroke: var(--ink); stroke-width: 2.2; }
a.told:focus { outline: none; }
.axis text { font-size: 11px; fill: var(--soft); text-anchor: middle; } .axis .first { text-anchor: start; } .axis .last { text-anchor: end; }
.tick { stroke: var(--soft); stroke-opacity: .5; }
.grid { stroke: var(--hair); stroke-width: 1; }
.zone { fill: var(--zone); }
.curve, .threshold { fill: none; stroke-width: 1.6; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); } .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); }
.band { fill: var(--band); }
.threshold { stroke: var(--threshold); stroke-dasharray: 6 4; stroke-width: 1.4; }
.values text { font-size: 11px; paint-order: stroke; stroke: var(--sheet); stroke-width: 3.5px; stroke-linejoin: round; fill: var(--soft); }
.values .limit { text-anchor: end; fill: var(--threshold); font-weight: 600; }
.quiet { border-bottom: 1px solid var(--hair); padding: .3rem 0; }
.quiet[open] { padding: .6rem 1rem; margin: .5rem 0; }
.quiet summary { cursor: pointer; overflow-wrap: anywhere; } .quiet summary b { font-weight: 500; margin-right: .8em; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .87rem; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: .8rem; }
th, td { padding: .55rem .75rem; border-bottom: 1px solid var(--hair); vertical-align: top; }
th:first-child, td:first-child { padding-left: 1rem; }
tbody tr:last-child td { border-bottom: 0; }
tr:target { background: color-mix(in srgb, var(--link) 9%, transparent); }
.when { white-space: nowrap; } .who .sum, .about .sum { display: block; } .about, .message { overflow-wrap: anywhere; }
.message { width: 46%; } .message summary { cursor: pointer; color: var(--link); }
.message pre { max-height: 26rem; margin-top: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.alerts li { margin-top: .4rem; } .alerts .sum { margin-left: .5em; white-space: nowrap; }
.status { font-weight: 600; font-size: .8rem; } .status.firing, .status.failed { color: var(--firing); } .status.resolved { color: var(--resolved); }
footer { color: var(--soft); font-size: .83rem; margin-top: 3rem; }
#cross { position: fixed; top: 0; bottom: 0; width: 0; height: auto; margin: 0; border: 0; border-left: 1px solid var(--soft); pointer-events: none; z-index: 3; }
#moment { position: fixed; top: .35rem; transform: translateX(-50%); background: var(--ink); color: var(--paper); font-size: .78rem; padding: .05rem .5rem; border-radius: 4px; pointer-events: none; z-index: 4; }
#card { position: fixed; z-index: 5; width: min(34rem, calc(100vw - 2rem)); max-height: 60vh; overflow: hidden; background: var(--sheet); border: 1px solid var(--hair); border-radius: 10px; box-shadow: 0 12px 36px #0004; padding: .75rem 1rem; font-size: .85rem; pointer-events: none; }
#card h4 { margin: 0; font-size: .9rem; } #card h4 + .labels { display: block; }
#card section + section { border-top: 1px solid var(--hair); margin-top: .6rem; padding-top: .6rem; }
#card pre { margin-top: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 34vh; overflow: hidden; }
[hidden] { display: none !important; }
@media (max-width: 54rem) {
  body { padding-top: 1.25rem; }
  .row { grid-template-columns: minmax(0, 1fr); padding: .35rem 0; }
  .name { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; }
  .row > .name:empty { display: none; }
  .axis .minor { display: none; }
  .values .value { text-anchor: start; transform: none; }
  table, tbody, tr, td { display: block; width: auto; } thead { position: absolute; left: -99rem; }
  tr { padding: .6rem 1rem; border-bottom: 1px solid var(--hair); } tbody tr:last-child { border-bottom: 0; }
  td, td:first-child { border: 0; padding: .1rem 0; } .when, .who, td:nth-child(3) { display: inline-block; margin-right: .75rem; }
  .who .sum { display: inline; margin-left: .4em; } .message { width: auto; }
}
@media print {
  body { background: #fff; padding: 0; max-width: none; } .rule, tr { break-inside: avoid; } #card, #cross, #moment, .skip { display: none; }
}
)css";

constexpr std::string_view kReplayPageScript = R"js(
(() => {
  "use strict";
  const byId = id => document.getElementById(id);
  const main = byId("main"), card = byId("card"), cross = byId("cross"), moment = byId("moment");
  const start = Number(main.dataset.start), end = Number(main.dataset.end);
  const MOST = 3;
  let shown = null;

  const make = (tag, text, kind) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  const describe = number => {
    const row = byId("n" + number), section = document.createElement("section");
    const text = selector => row.querySelector(selector).textContent;
    const head = make("h4", text(".when") + "  " + text(".who b") + "  ");
    head.append(row.querySelector(".status").cloneNode(true));
    const alerts = row.querySelector(".alerts").cloneNode(true), more = alerts.children.length - MOST;
    if (more > 0) alerts.replaceChildren(...[...alerts.children].slice(0, MOST), make("li", "… " + more + " more", "left"));
    section.append(head, make("span", text(".about .labels"), "labels"), alerts);
    const message = row.querySelector(".message pre");
    if (message) section.append(make("pre", message.textContent));
    return section;
  };
  const place = mark => {
    const box = mark.getBoundingClientRect(), width = card.offsetWidth, height = card.offsetHeight;
    const left = Math.min(Math.max(box.left + box.width / 2 - width / 2, 16), innerWidth - width - 16);
    const below = box.bottom + 8, above = box.top - height - 8;
    card.style.left = left + "px";
    const fits = below + height < innerHeight || above < 0;
    card.style.top = (fits ? Math.max(Math.min(below, innerHeight - height - 8), 8) : above) + "px";
  };
  const show = mark => {
    const numbers = mark.dataset.n.split(" ");
    card.replaceChildren(...numbers.slice(0, MOST).map(describe));
    const more = mark.getAttribute("aria-label");
    if (numbers.length > MOST || card.children.length < 1) card.append(make("p", more, "left"));
    card.hidden = false;
    shown = mark;
    place(mark.querySelector(".mark"));
  };
  const hide = () => { card.hidden = true; };
  // Tabbing to a mark scrolls it into view: its card goes along.
  const follow = () => {
    const stays = !card.hidden && (document.activeElement === shown || shown.matches(":hover"));
    if (stays) place(shown.querySelector(".mark")); else hide();
  };
  for (const mark of document.querySelectorAll("a.told")) {
    mark.addEventListener("pointerenter", () => show(mark));
    mark.addEventListener("focus", () => show(mark));
    mark.addEventListener("pointerleave", hide);
    mark.addEventListener("blur", hide);
    mark.addEventListener("click", hide);
  }
  addEventListener("keydown", event => { if (event.key === "Escape") hide(); });

  const unfold = () => {
    const target = location.hash.length > 1 && byId(location.hash.slice(1));
    const details = target && target.querySelector("details");
    if (!details || target.tagName !== "TR") return;
    details.open = true;
    target.focus({ preventScroll: true });
  };
  addEventListener("hashchange", unfold);
  unfold();

  const leave = () => { cross.hidden = moment.hidden = true; };
  addEventListener("pointermove", event => {
    const plot = event.target.closest && event.target.closest(".plot");
    if (!plot || event.pointerType === "touch") return leave();
    const box = plot.getBoundingClientRect();
    const part = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    const at = new Date(start + part * (end - start)).toISOString();
    cross.style.left = moment.style.left = event.clientX + "px";
    moment.textContent = at.slice(0, 10) + " " + at.slice(11, 19) + " UTC";
    cross.hidden = moment.hidden = false;
  }, { passive: true });
  document.addEventListener("pointerleave", leave);
  addEventListener("scroll", () => { follow(); leave(); }, { passive: true });
})();
)js";

}  // namespace tocsin::cli

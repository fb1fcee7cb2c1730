/**
 * The look of a report. Colours of lines and bars are Okabe and Ito's, which colour-blind people tell apart, darkened or lightened
 * until they stand out from the page; every line has a name beside it and a pattern of its own as well.
 */
export const reportStyle: string = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --muted: #565e68; --page: #ffffff; --card: #f5f7f9; --line: #cfd6dd;
  --series-0: #0067a0; --series-1: #b34700; --series-2: #00785a; --series-3: #9c3a78; --series-4: #8a6100; --series-5: #33689b; --series-6: #444c56;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --text: #e8ebee; --muted: #a9b2bc; --page: #14171a; --card: #1e2327; --line: #3d454d;
    --series-0: #56b4e9; --series-1: #ff9a4d; --series-2: #2fcf9f; --series-3: #e59ac8; --series-4: #f0c93d; --series-5: #9fc7f5; --series-6: #c3cad2;
  }
}
.report { font: 16px/1.5 system-ui, sans-serif; color: var(--text); max-width: 75rem; margin: 0 auto; padding: 1rem; box-sizing: border-box; }
.report h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; }
.report h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; }
.report p { max-width: 45rem; }
.report .muted, .report figcaption, .report caption { color: var(--muted); }
.report .scroll { overflow-x: auto; margin: 0.75rem 0; }
.report table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.report caption { text-align: left; padding: 0.25rem 0; }
.report th, .report td { text-align: left; font-weight: 400; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.report thead th { color: var(--muted); vertical-align: bottom; }
.report tbody th { font-weight: 600; white-space: nowrap; }
.report .prose td { overflow-wrap: anywhere; padding-right: 0; }
.report .number { text-align: right; }
.report td.number { white-space: nowrap; }
.report .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 28rem), 1fr)); gap: 1rem; }
.report figure { margin: 0; padding: 0.75rem; background: var(--card); border-radius: 0.5rem; break-inside: avoid; min-width: 0; }
.report figure svg { width: 100%; height: auto; display: block; }
.report figcaption { font-size: 0.875rem; margin-bottom: 0.5rem; }
.report svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
.report svg .axis { stroke: var(--line); }
.report svg .whisker { stroke: var(--text); stroke-width: 1.5; }
.report summary { cursor: pointer; padding: 0.25rem 0; }
.report .heat td { text-align: right; padding: 0.2rem 0.5rem; border: 1px solid var(--page); min-width: 2.5rem; }
.report .heat thead th { text-align: right; padding-right: 0.5rem; }
.report .heat thead th:first-child { text-align: left; }
${[0, 1, 2, 3, 4, 5, 6].map((index) => `.report .series-${index} { --series: var(--series-${index}); }`).join("\n")}
.report .bar { fill: var(--series); }
.report .curve { fill: none; stroke: var(--series); stroke-width: 2; }
@media screen and (max-width: 40rem) { .report .figures td { white-space: nowrap; } .report .prose tbody th { white-space: normal; min-width: 4.5rem; } }
@media print { .report { max-width: none; padding: 0; font-size: 11pt; } .report .scroll { overflow: visible; } .report table { font-size: 8pt; } .report figure { background: none; border: 1px solid var(--line); } }
`;

/** Number of colours; more series than that begin anew, with another pattern. */
export const seriesColours = 7;

const FONT = 'ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif';

/** Of the drawing; dark where the reader's screen is. */
export const PICTURE_STYLE = `
.picture { --paper: #ffffff; --ink: #1f2328; --soft: #656d76; --line: #d8dee4; --day: #f6f8fa; --session: #57606a; --floor: #2563eb; --mark: #c2410c; --hatch: #d0d7de; font-family: ${FONT}; }
@media (prefers-color-scheme: dark) { .picture { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #30363d; --day: #151b23; --session: #9198a1; --floor: #4c8dff; --mark: #fb923c; --hatch: #3d444d; } }
.paper { fill: var(--paper); }
.title { font-size: 15px; font-weight: 600; fill: var(--ink); }
.date { font-size: 12px; font-weight: 600; fill: var(--ink); }
.note { font-size: 11px; fill: var(--soft); }
.hour { font-size: 9px; fill: var(--soft); text-anchor: middle; }
.scale { font-size: 10px; fill: var(--soft); text-anchor: end; }
.time { font-size: 10px; font-weight: 600; fill: var(--mark); }
.time.left { text-anchor: end; }
.day { fill: var(--day); stroke: var(--line); }
.holiday { fill: url(#closed); stroke: var(--line); }
.closed { fill: var(--day); }
.hatch { stroke: var(--hatch); stroke-width: 2.5; }
.session { fill: var(--session); }
.floor { fill: var(--floor); fill-opacity: 0.35; }
.step { stroke: var(--floor); stroke-width: 2; fill: none; }
.ceiling { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 4 3; fill: none; }
.mark { stroke: var(--mark); stroke-width: 1.5; }
.tick { stroke: var(--line); stroke-width: 0.5; }
.break { stroke: var(--line); stroke-dasharray: 2 4; }
`;

/** Of the page around it. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; font: 14px/1.5 ${FONT}; background: light-dark(#ffffff, #0d1117); color: light-dark(#1f2328, #e6edf3); }
main { max-width: 1060px; margin: 0 auto; padding: 16px; }
.picture { display: block; width: 100%; height: auto; }
table { border-collapse: collapse; margin: 16px 0 32px; }
th, td { text-align: left; padding: 4px 16px 4px 0; border-bottom: 1px solid light-dark(#d8dee4, #30363d); }
td:first-child { font-variant-numeric: tabular-nums; white-space: nowrap; }
`;

namespace Exponential.Cli;

/// <summary>The report's style sheet: light and dark by the reader's preference, no font or picture from elsewhere.</summary>
internal static class ReportStyle
{
    /// <summary>Colours of runs; further runs begin again with the first.</summary>
    public const int Colors = 8;

    /// <summary>The style sheet.</summary>
    public const string Css = """
        :root {
          color-scheme: light dark;
          --page: #f6f7f9; --card: #ffffff; --text: #1c2330; --muted: #5c6675; --line: #dfe3e8; --mark: #fff3c9;
          --c0: #0067b1; --c1: #c2410c; --c2: #0f7b4f; --c3: #9c27a8; --c4: #8a6a00; --c5: #00838f; --c6: #b3154b; --c7: #5d4fc4;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #12151a; --card: #1b2028; --text: #e4e8ee; --muted: #9aa5b4; --line: #333b47; --mark: #4a3f12;
            --c0: #5cb3ff; --c1: #ff9255; --c2: #4fd29b; --c3: #e08bea; --c4: #e2bd3f; --c5: #4fd0dc; --c6: #ff7ba6; --c7: #a99dff;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
        h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
        h2 { font-size: 18px; margin: 0 0 14px; }
        h3 { font-size: 14px; margin: 18px 0 8px; overflow-wrap: anywhere; }
        h3:first-of-type { margin-top: 0; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin-top: 18px; }
        .about, figcaption, .missing, summary { color: var(--muted); }
        .about { margin: 0; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: 5px 14px 5px 8px; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
        thead th { border-top: 0; }
        tbody th { font-weight: normal; color: var(--muted); }
        #figures td { white-space: nowrap; }
        tr.differs td { background: var(--mark); }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 18px; }
        .chart { width: 100%; height: auto; display: block; }
        .chart text { fill: var(--muted); font-size: 13px; }
        .chart .grid { stroke: var(--line); }
        .chart .axis { stroke: var(--muted); }
        .chart polyline { fill: none; stroke-linejoin: round; }
        .chart .plain { stroke-width: 1.5; opacity: .55; }
        .chart .marked { stroke-width: 2.5; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 0; padding: 0; list-style: none; }
        .swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 7px; vertical-align: -1px; }
        .pictures { display: flex; gap: 14px; overflow-x: auto; padding-bottom: 6px; }
        .pictures figure { margin: 0; flex: 0 0 auto; }
        .wide { flex-wrap: wrap; }
        .pictures img { display: block; width: 274px; max-width: 100%; border-radius: 4px; image-rendering: pixelated; }
        .missing { border: 1px dashed var(--line); border-radius: 6px; padding: 10px 14px; margin: 0; }
        .c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); }
        .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); } .c6 { stroke: var(--c6); } .c7 { stroke: var(--c7); }
        circle.c0, .swatch.c0 { fill: var(--c0); background: var(--c0); } circle.c1, .swatch.c1 { fill: var(--c1); background: var(--c1); }
        circle.c2, .swatch.c2 { fill: var(--c2); background: var(--c2); } circle.c3, .swatch.c3 { fill: var(--c3); background: var(--c3); }
        circle.c4, .swatch.c4 { fill: var(--c4); background: var(--c4); } circle.c5, .swatch.c5 { fill: var(--c5); background: var(--c5); }
        circle.c6, .swatch.c6 { fill: var(--c6); background: var(--c6); } circle.c7, .swatch.c7 { fill: var(--c7); background: var(--c7); }
        """;
}

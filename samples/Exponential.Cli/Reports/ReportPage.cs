using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Exponential.Cli;

/// <summary>
/// Runs side by side as one HTML page that needs nothing beside it: pictures are in it, and its policy forbids it to load anything. All text
/// from the runs is encoded.
/// </summary>
internal sealed class ReportPage
{
    private const string None = "–";

    private readonly IReadOnlyList<RunRecord> _runs;
    private readonly string[] _names;
    private readonly StringBuilder _html = new();

    private ReportPage(IReadOnlyList<RunRecord> runs)
    {
        _runs = runs;
        _names = [.. runs.Select(run => runs.Count(other => other.Name == run.Name) > 1 ? run.Folder : run.Name)];
    }

    /// <summary>The page.</summary>
    /// <param name="runs">At least one run.</param>
    /// <param name="now">When it is made.</param>
    public static string Write(IReadOnlyList<RunRecord> runs, DateTimeOffset now)
    {
        var page = new ReportPage(runs);
        page.Head(now);
        page.Figures();
        page.Curves();
        page.Samples();
        page.Reconstructions();
        page.Settings();
        page.Notes();
        page._html.Append("</main>\n</body>\n</html>\n");
        return page._html.ToString();
    }

    private void Head(DateTimeOffset now)
    {
        string title = _runs.Count == 1 ? _names[0] : $"{_runs.Count} runs";
        _html.Append(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{E(title)} – Exponential</title>
            <style>
            {ReportStyle.Css}
            </style>
            </head>
            <body>
            <main>
            <h1>{E(title)}</h1>
            <p class="about">Made by exponential report on {E(now.ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture))}.</p>

            """);
        foreach (RunRecord run in _runs)
        {
            _html.Append($"<p class=\"about\">{E(run.Folder)}</p>\n");
        }
    }

    private void Figures()
    {
        Begin("figures", "Figures");
        Table([.. _runs.Select(run => run.Figures)], highlight: false);
        End();
    }

    private void Curves()
    {
        Begin("curves", "Bits per dimension");
        string bySteps = Chart.Draw([.. Lines(point => point.Step)], "steps", "bits/dim", "by-steps");
        if (bySteps.Length == 0)
        {
            Missing("there are no metrics to draw yet");
            End();
            return;
        }

        _html.Append("<div class=\"charts\">\n").Append(bySteps).Append('\n')
            .Append(Chart.Draw([.. Lines(point => point.Minutes)], "minutes of training", "bits/dim", "by-minutes")).Append("\n</div>\n");
        _html.Append("<ul class=\"legend\">\n");
        for (int i = 0; i < _runs.Count; i++)
        {
            _html.Append($"<li><span class=\"swatch c{Color(i)}\"></span>{E(_names[i])}</li>\n");
        }

        _html.Append("</ul>\n<p class=\"about\">Lines with points: validation. Faint lines: training, the mean of the epoch so far.</p>\n");
        End();
    }

    private void Samples()
    {
        Begin("samples", "Samples over time");
        for (int i = 0; i < _runs.Count; i++)
        {
            Heading(i);
            _html.Append("<div class=\"pictures\">\n");
            foreach (RunPicture picture in _runs[i].Samples)
            {
                Picture(picture, $"samples of {_names[i]}, {picture.Caption}");
            }

            _html.Append("</div>\n");
        }

        End();
    }

    private void Reconstructions()
    {
        Begin("reconstructions", "Reconstructions");
        _html.Append("<div class=\"pictures wide\">\n");
        for (int i = 0; i < _runs.Count; i++)
        {
            _html.Append("<div>\n");
            Heading(i);
            Picture(_runs[i].Reconstruction, $"reconstructions of {_names[i]}");
            _html.Append("</div>\n");
        }

        _html.Append("</div>\n");
        End();
    }

    private void Settings()
    {
        Begin("settings", _runs.Count > 1 ? "Settings, those that differ first" : "Settings");
        Table([.. _runs.Select(run => run.Settings)], highlight: true);
        End();
    }

    private void Notes()
    {
        if (_runs.All(run => run.Notes.Count == 0))
        {
            return;
        }

        Begin("notes", "What could not be read");
        for (int i = 0; i < _runs.Count; i++)
        {
            foreach (string note in _runs[i].Notes)
            {
                _html.Append($"<p class=\"missing\">{E(_names[i])}: {E(note)}</p>\n");
            }
        }

        End();
    }

    /// <summary>Rows by name, a column for each run. Where asked, rows in which runs differ come first and are marked.</summary>
    private void Table(IReadOnlyList<IReadOnlyList<KeyValuePair<string, string>>> columns, bool highlight)
    {
        Dictionary<string, string>[] values = [.. columns.Select(column => column.DistinctBy(item => item.Key).ToDictionary())];
        string[] rows = [.. columns.SelectMany(column => column.Select(item => item.Key)).Distinct()];

        // What one run does not name, perhaps because its version had no such setting, is no difference.
        HashSet<string> different = highlight
            ? [.. rows.Where(row => values.Where(column => column.ContainsKey(row)).Select(column => column[row]).Distinct().Skip(1).Any())]
            : [];
        _html.Append("<div class=\"scroll\"><table>\n<thead><tr><th></th>");
        foreach (string name in _names)
        {
            _html.Append($"<th scope=\"col\">{E(name)}</th>");
        }

        _html.Append("</tr></thead>\n<tbody>\n");
        foreach (string row in rows.OrderBy(row => different.Contains(row) ? 0 : 1))
        {
            _html.Append(different.Contains(row) ? "<tr class=\"differs\">" : "<tr>").Append($"<th scope=\"row\">{E(row)}</th>");
            foreach (Dictionary<string, string> column in values)
            {
                _html.Append($"<td>{E(column.GetValueOrDefault(row, None))}</td>");
            }

            _html.Append("</tr>\n");
        }

        _html.Append("</tbody></table></div>\n");
    }

    private IEnumerable<ChartLine> Lines(Func<CurvePoint, double> x)
    {
        for (int i = 0; i < _runs.Count; i++)
        {
            yield return new ChartLine($"{_names[i]}, training", Color(i), false, Points(_runs[i].Training));
            yield return new ChartLine($"{_names[i]}, validation", Color(i), true, Points(_runs[i].Validation));
        }

        (double, double)[] Points(IReadOnlyList<CurvePoint> points) =>
            [.. points.Select(point => (X: x(point), point.BitsPerDim)).Where(point => double.IsFinite(point.X))];
    }

    private void Heading(int run)
    {
        if (_runs.Count > 1)
        {
            _html.Append($"<h3><span class=\"swatch c{Color(run)}\"></span>{E(_names[run])}</h3>\n");
        }
    }

    private void Picture(RunPicture picture, string alternative)
    {
        if (picture.Png is byte[] png)
        {
            _html.Append($"<figure><img alt=\"{E(alternative)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">")
                .Append($"<figcaption>{E(picture.Caption)}</figcaption></figure>\n");
        }
        else
        {
            Missing(picture.Missing);
        }
    }

    private void Missing(string text) => _html.Append($"<p class=\"missing\">{E(text)}</p>\n");

    private void Begin(string id, string title) => _html.Append($"<section id=\"{id}\">\n<h2>{E(title)}</h2>\n");

    private void End() => _html.Append("</section>\n");

    private static int Color(int run) => run % ReportStyle.Colors;

    private static string E(string text) => HtmlEncoder.Default.Encode(text);
}

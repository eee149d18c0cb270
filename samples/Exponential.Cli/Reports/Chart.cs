using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Exponential.Cli;

/// <summary>One line of a chart.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Color">The index of its colour in the page's style.</param>
/// <param name="IsMarked">Whether its points are few and shown, as those of validations, or many and joined, as those of training.</param>
/// <param name="Points">The points, by x.</param>
internal sealed record ChartLine(string Name, int Color, bool IsMarked, IReadOnlyList<(double X, double Y)> Points);

/// <summary>A chart of lines as SVG that stands in a page and takes its colours from the page's style, so that it suits light and dark.</summary>
internal static class Chart
{
    private const double Width = 720;
    private const double Height = 380;
    private const double Left = 52;
    private const double Right = 12;
    private const double Top = 12;
    private const double Bottom = 44;
    private const int MostPoints = 600;

    /// <summary>Draws the lines; nothing when they have no point.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="xLabel">What is to the right.</param>
    /// <param name="yLabel">What is up.</param>
    /// <param name="id">A name that no other chart of the page has.</param>
    public static string Draw(IReadOnlyList<ChartLine> lines, string xLabel, string yLabel, string id)
    {
        (double X, double Y)[] all = [.. lines.SelectMany(line => line.Points)];
        if (all.Length == 0)
        {
            return "";
        }

        (double low, double high) = Bulk(lines);
        double[] yTicks = Ticks(low, high);
        double[] xTicks = Ticks(0, Math.Max(all.Max(p => p.X), 1e-9));
        double end = 1.03 * Math.Max(xTicks[^1], all.Max(p => p.X));
        double X(double x) => Left + (x / end * (Width - Left - Right));
        double Y(double y) => Height - Bottom - ((y - low) / (high - low) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.Append(F($"<svg class=\"chart\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{E(yLabel)} by {E(xLabel)}\">"));
        svg.Append(F($"<clipPath id=\"{E(id)}\"><rect x=\"{Left}\" y=\"{Top}\" width=\"{Width - Left - Right}\" height=\"{Height - Top - Bottom}\"/></clipPath>"));
        foreach (double tick in yTicks)
        {
            svg.Append(F($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(tick):F1}\" y2=\"{Y(tick):F1}\"/>"));
            svg.Append(F($"<text x=\"{Left - 8}\" y=\"{Y(tick) + 4:F1}\" text-anchor=\"end\">{Number(tick)}</text>"));
        }

        foreach (double tick in xTicks)
        {
            svg.Append(F($"<text x=\"{X(tick):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Number(tick)}</text>"));
        }

        svg.Append(F($"<line class=\"axis\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom}\"/>"));
        svg.Append(F($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">{E(xLabel)}</text>"));
        svg.Append(F($"<text transform=\"translate(13 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{E(yLabel)}</text>"));
        svg.Append(F($"<g clip-path=\"url(#{E(id)})\">"));
        foreach (ChartLine line in lines.Where(line => line.Points.Count > 0))
        {
            string points = string.Join(' ', Thinned(line.Points).Select(p => F($"{X(p.X):F1},{Y(p.Y):F1}")));
            svg.Append(F($"<polyline class=\"c{line.Color} {(line.IsMarked ? "marked" : "plain")}\" points=\"{points}\"><title>{E(line.Name)}</title></polyline>"));
            foreach ((double x, double y) in line.IsMarked ? line.Points : [])
            {
                svg.Append(F($"<circle class=\"c{line.Color}\" cx=\"{X(x):F1}\" cy=\"{Y(y):F1}\" r=\"3.5\"><title>{E(line.Name)}: {y:F4} at {Number(x)}</title></circle>"));
            }
        }

        return svg.Append("</g></svg>").ToString();
    }

    /// <summary>
    /// The first steps lie far above the rest and would flatten it: they may leave the picture through its top. Nine tenths of each line stay
    /// in it, so that no run vanishes because others have more points.
    /// </summary>
    private static (double Low, double High) Bulk(IReadOnlyList<ChartLine> lines)
    {
        double[][] sorted = [.. lines.Where(line => line.Points.Count > 0).Select(line => line.Points.Select(p => p.Y).Order().ToArray())];
        double least = sorted.Min(line => line[0]);
        double most = sorted.Max(line => line[(int)(0.9 * (line.Length - 1))]);
        double margin = Math.Max(0.1 * (most - least), 0.05);
        return (least - margin, most + margin);
    }

    private static IEnumerable<(double X, double Y)> Thinned(IReadOnlyList<(double X, double Y)> points)
    {
        int stride = Math.Max(1, (points.Count + MostPoints - 1) / MostPoints);
        for (int i = 0; i < points.Count; i++)
        {
            if (i % stride == 0 || i == points.Count - 1)
            {
                yield return points[i];
            }
        }
    }

    /// <summary>Four to nine round numbers of a range, 1, 2 or 5 times a power of ten apart.</summary>
    private static double[] Ticks(double low, double high)
    {
        double rough = (high - low) / 6;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * ((rough / power) switch { <= 1.5 => 1, <= 3.5 => 2, <= 7.5 => 5, _ => 10 });
        long first = (long)Math.Ceiling((low / step) - 1e-9);
        long last = (long)Math.Floor((high / step) + 1e-9);
        return [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => (first + i) * step)];
    }

    private static string Number(double value) => Math.Abs(value) >= 1000 ? F($"{value:N0}") : F($"{Math.Round(value, 6)}");

    private static string E(string text) => HtmlEncoder.Default.Encode(text);

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

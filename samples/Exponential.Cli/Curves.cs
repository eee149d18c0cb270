using Exponential.Nn;
using ScottPlot;

namespace Exponential.Cli;

/// <summary>Draws the course of a run: bits per dimension of training and validation by step.</summary>
internal static class Curves
{
    private const string FontName = "DejaVu Sans";
    private static readonly object Gate = new();
    private static bool _fontLoaded;

    /// <summary>Draws a run's <c>curves.png</c> from its metrics.</summary>
    /// <param name="folder">The run's folder.</param>
    public static void DrawRun(string folder)
    {
        var training = new List<(long Step, double BitsPerDim)>();
        var validation = new List<(long Step, double BitsPerDim)>();
        foreach (MetricsLine line in RunFolder.ReadMetrics(folder))
        {
            if (line is { Event: MetricsLine.StepEvent, MeanBitsPerDim: double mean })
            {
                training.Add((line.Step, mean));
            }
            else if (line is { Event: MetricsLine.EvaluationEvent, ValidationBitsPerDim: double bits })
            {
                validation.Add((line.Step, bits));
            }
        }

        Draw(Path.Combine(folder, RunFolder.CurvesName), training, validation);
    }

    /// <summary>Draws the picture and puts it in its place only when it is whole.</summary>
    /// <param name="path">The PNG file.</param>
    /// <param name="training">Running mean of the epoch, by step.</param>
    /// <param name="validation">Validation, by step.</param>
    public static void Draw(string path, IReadOnlyList<(long Step, double BitsPerDim)> training, IReadOnlyList<(long Step, double BitsPerDim)> validation)
    {
        LoadFont();
        using var plot = new Plot();
        plot.Font.Set(FontName);
        plot.XLabel("step");
        plot.YLabel("bits/dim");
        if (training.Count > 0)
        {
            Add(plot, training, "training (mean of the epoch so far)", Colors.C0, markers: false);
        }

        if (validation.Count > 0)
        {
            Add(plot, validation, "validation", Colors.C1, markers: true);
        }

        plot.ShowLegend(Alignment.UpperRight);
        ShowTheBulk(plot, [.. training, .. validation]);
        byte[] picture = plot.GetImageBytes(900, 560, ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(picture));
    }

    private static void Add(Plot plot, IReadOnlyList<(long Step, double BitsPerDim)> points, string label, Color color, bool markers)
    {
        ScottPlot.Plottables.Scatter scatter = plot.Add.Scatter(
            points.Select(p => (double)p.Step).ToArray(), points.Select(p => p.BitsPerDim).ToArray(), color);
        scatter.LegendText = label;
        scatter.LineWidth = 2;
        scatter.MarkerSize = markers ? 7 : 0;
    }

    /// <summary>The first steps lie far above the rest and would flatten it: they may leave the picture through its top.</summary>
    private static void ShowTheBulk(Plot plot, (long Step, double BitsPerDim)[] points)
    {
        if (points.Length == 0)
        {
            return;
        }

        double[] sorted = [.. points.Select(p => p.BitsPerDim).Order()];
        double least = sorted[0];
        double most = sorted[(int)(0.9 * (sorted.Length - 1))];
        double margin = Math.Max(0.1 * (most - least), 0.05);
        plot.Axes.SetLimitsX(0, 1.03 * Math.Max(1, points.Max(p => p.Step)));
        plot.Axes.SetLimitsY(least - margin, most + margin);
    }

    /// <summary>The program brings its own font: on a system without one the plot would have no text, and nothing would say so.</summary>
    private static void LoadFont()
    {
        lock (Gate)
        {
            if (_fontLoaded)
            {
                return;
            }

            string path = Path.Combine(AppContext.BaseDirectory, "Assets", "DejaVuSans.ttf");
            if (!File.Exists(path))
            {
                throw new FileNotFoundException($"curves: the font {path} is missing from the program's folder; build it again", path);
            }

            Fonts.AddFontFile(FontName, path);
            Fonts.Default = FontName;
            _fontLoaded = true;
        }
    }
}

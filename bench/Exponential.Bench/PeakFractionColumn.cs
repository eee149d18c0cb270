using System.Collections.Concurrent;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Exponential.Bench;

/// <summary>The sizes of a contraction, with a name for the table.</summary>
public interface IContractionShape
{
    /// <summary>Floating-point operations of one call of a benchmark: two for each multiply-add.</summary>
    double Operations(string benchmark);

    /// <summary>
    /// The largest error of a benchmark's result over its largest value, beside the same in float64, by the kernels that
    /// <paramref name="accuracy"/> allows; or null where that is not measured.
    /// </summary>
    double? Error(string benchmark, ArithmeticAccuracy accuracy);
}

/// <summary>
/// Adds the speed of contractions in GF/s, as a fraction of the peak of as many cores as threads are used, and the error beside it. Operations are
/// those of the definition: an algorithm with fewer products may pass the peak.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PeakFractionAttribute : BenchmarkDotNet.Attributes.ColumnConfigBaseAttribute
{
    /// <summary>Adds the columns.</summary>
    public PeakFractionAttribute()
        : base(new PeakFractionColumn(fraction: false), new PeakFractionColumn(fraction: true), new ErrorColumn())
    {
    }
}

internal sealed class PeakFractionColumn(bool fraction) : IColumn
{
    private static readonly ConcurrentDictionary<int, double> Peaks = new();

    public string Id => nameof(PeakFractionColumn) + fraction;

    public string ColumnName => fraction ? "Of peak" : "GF/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => fraction
        ? $"GF/s over the peak of as many cores as threads: in float32 {Peak(1):F0} GF/s on one, {Peak(2):F0} on two; in float64 half of that"
        : "Billions of floating-point operations a second in the best iteration";

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
    {
        if (summary[benchmarkCase]?.ResultStatistics is not { } statistics
            || benchmarkCase.Parameters["Shape"] is not IContractionShape shape)
        {
            return "-";
        }

        double speed = shape.Operations(benchmarkCase.Descriptor.WorkloadMethod.Name) / statistics.Min;
        int threads = (int)benchmarkCase.Parameters["Threads"];
        if (!fraction)
        {
            return speed.ToString("F0");
        }

        bool isDouble = benchmarkCase.Parameters.Items.Any(static item => item.Value is DType.Float64);
        return (speed / (isDouble ? Peak(threads) / 2 : Peak(threads))).ToString("F2");
    }

    private static double Peak(int threads) => Peaks.GetOrAdd(threads, FmaPeak.Measure<float>);
}

internal sealed class ErrorColumn : IColumn
{
    public string Id => nameof(ErrorColumn);

    public string ColumnName => "Error";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 1;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "The largest error over the largest value, against the same in float64";

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        benchmarkCase.Parameters["Shape"] is IContractionShape shape
        && benchmarkCase.Parameters.Items.FirstOrDefault(item => item.Name == "Accuracy")?.Value is ArithmeticAccuracy accuracy
        && shape.Error(benchmarkCase.Descriptor.WorkloadMethod.Name, accuracy) is { } error
            ? error.ToString("0.0e+0", System.Globalization.CultureInfo.InvariantCulture)
            : "-";
}

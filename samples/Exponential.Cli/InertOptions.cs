using System.CommandLine;
using System.CommandLine.Parsing;

namespace Exponential.Cli;

/// <summary>
/// Options of the original's scripts that change nothing there, and one that can change nothing here. They are accepted, so that its command
/// lines run as they are, and each that is given earns a notice.
/// </summary>
internal sealed class InertOptions
{
    private readonly Option<bool> _testing = Parsers.Flag("--testing", "Test the best model at the end, which happens in any case.", "-te");
    private readonly Option<bool> _validation = Parsers.Flag("--validation", "Only validate; the best model is tested all the same. Excludes --testing.", "-va");
    private readonly List<(Option Option, string Why)> _options;

    public InertOptions() => _options =
    [
        (_testing, "has no effect, as in the original: the best model is tested at the end in any case"),
        (_validation, "has no effect, as in the original: the best model is tested at the end in any case"),
        (
            Parsers.Whole("--data_augmentation_level", "Level of augmentation; the data set alone decides. [2]", int.MinValue, int.MaxValue),
            "has no effect, as in the original: the data set alone decides how its images are augmented"),
        (
            Parsers.Choice("--variable_type", "Type of the data. [discrete]", [("discrete", 0), ("continuous", 1)]),
            "has no effect, as in the original: pixel values are whole numbers, and dequantized"),
        (
            Parsers.Choice("--attention", "Attention in the networks. [none]", [("none", 0), ("sparse", 1), ("full", 2)]),
            "has no effect, as in the original: its networks have no attention"),
        (Parsers.Flag("--no_cuda", "Compute without CUDA.", "-nc"), "has no effect: the CPU is the only device here"),
    ];

    /// <summary>The options.</summary>
    public List<Option> Options => [.. _options.Select(item => item.Option)];

    /// <summary>A line for each option given.</summary>
    /// <exception cref="UsageException">Two that exclude each other.</exception>
    public IEnumerable<string> Notices(ParseResult parsed)
    {
        if (IsGiven(parsed, _testing) && IsGiven(parsed, _validation))
        {
            throw new UsageException("train", "--validation and --testing exclude each other");
        }

        return _options.Where(item => IsGiven(parsed, item.Option)).Select(item => $"{item.Option.Name} {item.Why}");
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is OptionResult { Implicit: false };
}

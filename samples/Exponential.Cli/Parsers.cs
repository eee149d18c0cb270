using System.CommandLine;
using System.Globalization;

namespace Exponential.Cli;

/// <summary>Options and their values: ranges checked, numbers in the invariant culture, one wording for every error.</summary>
internal static class Parsers
{
    /// <summary>An option with a value.</summary>
    /// <param name="name">Its name, with underscores.</param>
    /// <param name="description">What it does.</param>
    /// <param name="parse">From the typed text to the value, or to false and what was expected.</param>
    /// <param name="expected">What a value looks like, for errors.</param>
    /// <param name="valueName">The placeholder in the help.</param>
    /// <param name="aliases">Short spellings.</param>
    public static Option<T> Value<T>(
        string name, string description, TryParse<T> parse, string expected, string valueName, params string[] aliases)
    {
        var option = new Option<T>(name, aliases)
        {
            Description = description,
            HelpName = valueName,
            Arity = ArgumentArity.ExactlyOne,
        };
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (parse(text, out T value))
            {
                return value;
            }

            result.AddError($"{name}: expected {expected}; got '{text}'");
            return default!;
        };
        return option;
    }

    /// <summary>An option without a value.</summary>
    public static Option<bool> Flag(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<long> Whole(string name, string description, long least, long most, params string[] aliases) => Value(
        name,
        description,
        (string text, out long value) =>
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= least && value <= most,
        most == long.MaxValue ? $"a whole number, at least {least}" : $"a whole number from {least} to {most}",
        "n",
        aliases);

    /// <summary>A finite number that <paramref name="accepts"/> takes.</summary>
    public static Option<double> Real(string name, string description, Func<double, bool> accepts, string expected, params string[] aliases) => Value(
        name,
        description,
        (string text, out double value) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value) && accepts(value),
        expected,
        "x",
        aliases);

    /// <summary>One of a few words.</summary>
    public static Option<T> Choice<T>(string name, string description, IReadOnlyList<(string Word, T Value)> choices, params string[] aliases) => Value(
        name,
        description,
        (string text, out T value) =>
        {
            (string? word, value) = choices.FirstOrDefault(c => c.Word == text);
            return word is not null;
        },
        string.Join(" or ", choices.Select(c => c.Word)),
        string.Join('|', choices.Select(c => c.Word)),
        aliases);

    /// <summary>Text that is not empty.</summary>
    public static Option<string> Text(string name, string description, string valueName, params string[] aliases) => Value(
        name,
        description,
        (string text, out string value) =>
        {
            value = text;
            return text.Trim().Length > 0;
        },
        $"a {valueName}",
        valueName,
        aliases);

    /// <summary>An unsigned seed.</summary>
    public static Option<ulong> Seed(string description) => Value(
        "--manual_seed",
        description,
        (string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value),
        "a whole number, at least 0",
        "n");

    /// <summary>From the typed text to the value.</summary>
    public delegate bool TryParse<T>(string text, out T value);
}

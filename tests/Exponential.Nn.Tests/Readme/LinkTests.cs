using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Exponential.Nn.Tests.Readme;

/// <summary>What the documents point to is there.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> Documents() =>
    [
        "README.md",
        "CONTRIBUTING.md",
        .. Directory.GetFiles(Path.Combine(Root(), "docs"), "*.md").Select(path => $"docs/{Path.GetFileName(path)}").Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void RelativeLinksResolve(string document)
    {
        string path = Path.Combine(Root(), document);
        string[] broken =
        [
            .. Link().Matches(File.ReadAllText(path))
                .Select(match => match.Groups["target"].Value)
                .Where(target => target.Length > 0 && !target.Contains(':', StringComparison.Ordinal)) // https: and others
                .Where(target => !Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, target))),
        ];
        Assert.True(broken.Length == 0, $"{document}: links to what is not there: {string.Join(", ", broken)}");
    }

    [Fact]
    public void LinksAreFound() =>
        Assert.Contains("docs/architecture.md", Link().Matches(File.ReadAllText(Path.Combine(Root(), "README.md"))).Select(match => match.Groups["target"].Value));

    /// <summary>[text](target), ![text](target) and [text](target#part), without the part.</summary>
    [GeneratedRegex(@"\]\((?<target>[^)#\s]*)[^)]*\)")]
    private static partial Regex Link();

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}

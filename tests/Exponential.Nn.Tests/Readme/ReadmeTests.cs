using System.Runtime.CompilerServices;
using Xunit;

namespace Exponential.Nn.Tests.Readme;

/// <summary>The README's embedding example is the code that is compiled and run here.</summary>
public class ReadmeTests
{
    [Fact]
    public void The_embedding_example_runs_and_reconstructs()
    {
        const int Count = 2;
        Tensor pixels = new Generator(seed: 3).Uniform([Count, 3, 32, 32]) * 256;
        (Tensor nats, Tensor samples, Tensor back) = EmbeddingExample.Run(pixels.ToArray<float>(), Count);

        Assert.Equal([Count], nats.Shape);
        Assert.True(nats.IsFinite());
        Assert.Equal([4, 3, 32, 32], samples.Shape);
        double worst = (back - pixels).Abs().Max().ToScalar();
        Assert.True(worst <= 256e-5, $"worst reconstruction error {worst}");
    }

    [Fact]
    public void The_readme_shows_that_code()
    {
        string here = Path.GetDirectoryName(ThisFile())!;
        string code = File.ReadAllText(Path.Combine(here, "EmbeddingExample.cs"));
        string[] example = [.. code.Split('\n').SkipWhile(line => !line.Contains("<example>")).Skip(1).TakeWhile(line => !line.Contains("</example>"))];
        string expected = string.Join('\n', example.Select(line => line.Length > 8 ? line[8..] : line.Trim()));
        string readme = File.ReadAllText(Path.Combine(here, "../../../README.md"));
        Assert.Contains(expected, readme, StringComparison.Ordinal);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

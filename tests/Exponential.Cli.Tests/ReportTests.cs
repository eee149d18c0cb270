using System.Text.RegularExpressions;
using Exponential.Cli;
using Exponential.Nn;
using Xunit;

namespace Exponential.Tests;

public sealed class ReportTests : IDisposable
{
    /// <summary>Settings as version 0.1 wrote them.</summary>
    private const string OldSettings = """{ "dataset": "cifar10", "batch_size": 32, "mixing": "1x1", "dequantization": "uniform", "exp_name": null }""";

    private const string Metrics = """
        {"event":"evaluation","step":0,"epoch":1,"validation_bits_per_dim":9.372,"seconds":5.8,"peak_memory_mib":862.9}
        {"event":"step","step":20,"epoch":1,"bits_per_dim":7.11,"mean_bits_per_dim":8.0498,"images_per_second":64,"seconds":16.1,"peak_memory_mib":1287.3}
        {"event":"step","step":40,"epoch":1,"bits_per_dim":6.55,"mean_bits_per_dim":7.4059,"images_per_second":80,"seconds":65,"peak_memory_mib":1287.1}
        {"event":"step","step":1060,"epoch":1,"bits_per_dim":6.1,"mean_bits_per_dim":6.25,"images_per_second":64,"seconds":70,"peak_memory_mib":1287.1}
        {"event":"evaluation","step":1060,"epoch":1,"validation_bits_per_dim":6.0012,"seconds":75,"peak_memory_mib":1287.1}

        """;

    private const string Result = """{"event":"result","step":1060,"epoch":1,"test_bits_per_dim":5.98765,"worst_reconstruction_error":2E-06,"test_something_new":1234.5,"seconds":80}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ShowsARunOfThisVersion()
    {
        CliResult trained = Cli.Run(
            ["train", .. Cli.TinyModel, "--out_dir", _folder.Root, "--exp_name", "run", "--max_steps", "3", "--log_interval", "1", "--evaluate_at_start"]);
        Assert.Equal(CommandLine.Success, trained.Code);
        string run = _folder.File("run");
        CliResult reported = Cli.Run("report", run);
        string page = Path.Combine(run, "report.html");
        Assert.Equal($"Report of 1 run: {page}", reported.Output.TrimEnd());
        Assert.Equal("", reported.Error);
        string html = File.ReadAllText(page);
        MetricsLine result = RunFolder.ReadMetrics(run)[^1];
        Assert.Contains(FormattableString.Invariant($"<th scope=\"row\">Test bits/dim</th><td>{result.TestBitsPerDim:F4}</td>"), html);
        Assert.Contains("<td>finished</td>", html);
        long parameters = Checkpoint.LoadFlow(Path.Combine(run, RunFolder.BestName)).ParameterCount();
        Assert.Contains(FormattableString.Invariant($"<td>{parameters:N0}</td>"), html);
        Assert.Contains("<figcaption>step 0</figcaption>", html);
        Assert.Contains("<figcaption>step 3</figcaption>", html);
        Assert.Equal(3, Regex.Count(html, "src=\"data:image/png;base64,"));
        Assert.Contains("<polyline class=\"c0 marked\"", html);
        Assert.DoesNotContain("class=\"missing\"", html);
        Assert.DoesNotContain("class=\"differs\"", html);
    }

    [Fact]
    public void ShowsARunOfVersion01ThatGoesOn()
    {
        // The last line is being written, the first epoch is not over, no picture is there yet.
        string html = Report(Run("old", OldSettings, Metrics + """{"event":"step","step":10"""));
        Assert.Contains("<td>not finished</td>", html);
        Assert.Contains("<th scope=\"row\">dequantize_distribution</th><td>uniform</td>", html);
        Assert.Contains("<th scope=\"row\">exp_name</th><td>none</td>", html);
        Assert.Contains("<th scope=\"row\">Best validation bits/dim</th><td>6.0012 (step 1,060)</td>", html);
        Assert.Contains("<th scope=\"row\">Step time, median</th><td>500 ms</td>", html);
        Assert.Contains("<th scope=\"row\">Most memory</th><td>1,287 MiB</td>", html);
        Assert.Contains("<th scope=\"row\">Training time</th><td>1 min 15 s</td>", html);
        Assert.DoesNotContain("Parameters", html);
        Assert.Contains("samples.png is missing; it is drawn at each evaluation", html);
        Assert.Contains("reconstruction.png is missing; it is drawn at the end of a run", html);
        Assert.DoesNotContain("cannot be read", html);
    }

    [Fact]
    public void PutsRunsSideBySideAndMarksWhatDiffers()
    {
        string first = Run("first", OldSettings, Metrics + Result + "\n");
        string second = Run("second", OldSettings.Replace("1x1", "convexp").Replace("dequantization", "dequantize_distribution"), Metrics);
        Picture(first, RunFolder.SamplesName);
        Picture(second, RunFolder.ReconstructionName);
        string html = Report(first, second);
        Assert.Contains("<th scope=\"col\">first</th><th scope=\"col\">second</th>", html);
        Assert.Equal("<tr class=\"differs\"><th scope=\"row\">mixing</th><td>1x1</td><td>convexp</td></tr>", Regex.Matches(html, "<tr class=\"differs\">.*").Single().Value);
        Assert.Contains("<th scope=\"row\">dequantize_distribution</th><td>uniform</td><td>uniform</td>", html);
        Assert.Contains("<th scope=\"row\">Test bits/dim</th><td>5.9877</td><td>&#x2013;</td>", html);
        Assert.Contains("<th scope=\"row\">Test something new</th><td>1234.5000</td><td>&#x2013;</td>", html);
        Assert.Contains("<td>2.00E-006</td>", html);
        Assert.Contains("polyline class=\"c1 plain\"", html);
        Assert.Equal(2, Regex.Count(html, "src=\"data:image/png;base64,"));

        // The same name twice: the folders tell them apart.
        string third = Run(Path.Combine("deeper", "first"), OldSettings, Metrics);
        string names = Report(first, third);
        Assert.Contains($"<th scope=\"col\">{first}</th><th scope=\"col\">{third}</th>", names);
    }

    /// <summary>A long run below a short one leaves it in the picture, which is 380 high.</summary>
    [Fact]
    public void ShowsTheShortestRunBesideTheLongest()
    {
        string Course(int steps, double bits) => string.Concat(Enumerable.Range(1, steps).Select(step => FormattableString.Invariant(
            $"{{\"event\":\"step\",\"step\":{step},\"mean_bits_per_dim\":{bits},\"seconds\":{step}}}\n")));
        string html = Report(Run("long", OldSettings, Course(900, 3.5)), Run("short", OldSettings, Course(10, 6)));
        string[] heights = [.. Regex.Matches(html, "<polyline class=\"c1 plain\" points=\"[^,]*,([^ ]*)").Select(match => match.Groups[1].Value)];
        Assert.Equal(2, heights.Length);
        Assert.All(heights, height => Assert.InRange(double.Parse(height, System.Globalization.CultureInfo.InvariantCulture), 12, 336));
    }

    [Fact]
    public void WhatIsTooLargeToDrawIsLeftOut()
    {
        string html = Report(Run("run", OldSettings, Metrics
            + """{"event":"step","step":1080,"mean_bits_per_dim":1e308,"seconds":90}""" + "\n"
            + """{"event":"evaluation","step":1e308,"validation_bits_per_dim":-1e308,"seconds":76}""" + "\n"));
        Assert.DoesNotContain("Infinity", html);
        Assert.DoesNotContain("NaN", html);
        Assert.Contains("<polyline class=\"c0 plain\"", html);
    }

    [Fact]
    public void ShowsEightSamplesOfMany()
    {
        string run = Run("run", OldSettings, Metrics);
        for (int step = 0; step <= 200; step += 10)
        {
            Picture(run, Path.Combine(RunFolder.SamplesFolderName, $"step-{step:D8}.png"));
        }

        Picture(run, Path.Combine(RunFolder.SamplesFolderName, "step-x.png"));
        File.WriteAllText(Path.Combine(run, RunFolder.SamplesFolderName, "step-00000200.png"), "words");
        string html = Report(run);
        Assert.Equal(
            ["step 0", "step 30", "step 60", "step 90", "step 110", "step 140", "step 170"],
            Regex.Matches(html, "<figcaption>(.*?)</figcaption>").Select(match => match.Groups[1].Value));
        Assert.Contains("step-00000200.png is no PNG file", html);
    }

    /// <summary>Names, settings, fields and notes from a run's files are text, whatever they hold; the page loads nothing.</summary>
    [Fact]
    public void EncodesWhatComesFromARun()
    {
        const string Evil = "\"><script>alert(1)</script><img src=http://x.example/y>'";
        string name = OperatingSystem.IsWindows() ? "&amp;run" : "<script>alert(2)<&amp;";
        string run = Run(
            name,
            $$"""{ "mixing": {{System.Text.Json.JsonSerializer.Serialize(Evil)}}, {{System.Text.Json.JsonSerializer.Serialize(Evil)}}: [1, {"a": "<b>"}] }""",
            Metrics + $$"""{"event":"result",{{System.Text.Json.JsonSerializer.Serialize(Evil)}}:1}""" + "\n<script>\n");
        string html = Report(run, run);
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("<img src=http", html);
        Assert.Empty(Regex.Matches(html, "<[a-z][^>]*\\s(src|href)\\s*=\\s*\"?(?!\"?data:)", RegexOptions.IgnoreCase));
        Assert.DoesNotContain("url(http", html);
        Assert.Contains("content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"", html);
        Assert.Contains("metrics.jsonl: 1 line cannot be read and is left out", html);
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":["\ud800"]}""")]
    public void SaysWhatCannotBeRead(string settings)
    {
        string run = Run("run", settings, "{\"step\":\"x\"}\nwords\n{\"a\":1,\"a\":2}\n{\"event\":\"\\ud800\"}\n{\"event\":\"step\",\"step\":1,\"mean_bits_per_dim\":\"NaN\"}\n");
        string html = Report(run);
        Assert.Contains("settings.json is missing or cannot be read (", html);
        Assert.Contains("metrics.jsonl: 3 lines cannot be read and are left out", html);
        Assert.Contains("there are no metrics to draw yet", html);

        File.Delete(Path.Combine(run, RunFolder.MetricsName));
        Assert.Contains("metrics.jsonl is missing or cannot be read (", Report(run));
        Assert.Contains("<td>not started</td>", Report(run));
    }

    [Fact]
    public void WhatIsNoRunIsOneLine()
    {
        CliResult missing = Cli.Run("report", _folder.File("none"));
        Assert.Equal(CommandLine.Failure, missing.Code);
        Assert.Equal([$"exponential: {_folder.File("none")}: there is no such folder; 'exponential train' prints a run's folder at its end"], missing.ErrorLines);
        CliResult empty = Cli.Run("report", Run("run", OldSettings, Metrics), _folder.Root);
        Assert.Equal(
            [$"exponential: {_folder.Root}: the folder has neither settings.json nor metrics.jsonl; is it the folder of a run?"], empty.ErrorLines);
        Assert.False(File.Exists(_folder.File("run", "report.html")));
    }

    [Fact]
    public void ShowsResultsThatAreNoFiniteNumbers()
    {
        string html = Report(Run(
            "run", OldSettings, Metrics + """{"event":"result","step":1060,"worst_reconstruction_error":"Infinity","remark":"ran <hot>","list":[1,2],"huge":1e999}""" + "\n"));
        Assert.Contains("|decode(encode(v)) - v| / 256</th><td>Infinity</td>", html);
        Assert.Contains("<th scope=\"row\">Remark</th><td>ran &lt;hot&gt;</td>", html);
        Assert.Contains("<th scope=\"row\">List</th><td>[1,2]</td>", html);
        Assert.Contains("<th scope=\"row\">Huge</th><td>not finite</td>", html);
    }

    [Fact]
    public void APageThatCannotBeWrittenIsOneLine()
    {
        string run = Run("run", OldSettings, Metrics);
        string folder = _folder.File("folder.htm");
        Directory.CreateDirectory(folder);
        Assert.Equal([$"exponential: report --out: '{folder}' is a folder; the name of a file expected"], Write(folder).ErrorLines);
        string absent = _folder.File("absent", "page.html");
        CliResult result = Write(absent);
        Assert.Equal(CommandLine.Failure, result.Code);
        Assert.Equal([$"exponential: report --out: there is no folder '{_folder.File("absent")}' in which to write '{absent}'"], result.ErrorLines);

        CliResult Write(string path) => Cli.Run("report", run, "--out", path);
    }

    /// <summary>Opened in a browser: every section is there, and a picture of one colour covers as many pixels of the window as it should.</summary>
    [Fact]
    public void OpensInABrowser()
    {
        string first = Run("first", OldSettings, Metrics + Result + "\n");
        string second = Run("<i>second", OldSettings.Replace("1x1", "convexp"), Metrics);
        Picture(first, Path.Combine(RunFolder.SamplesFolderName, "step-00001000.png"));
        string page = _folder.File("page.html");
        File.WriteAllText(page, Report(first, second));

        string dom = Chromium.Dom(page, _folder.File("profile"));
        Assert.Equal(
            ["figures", "curves", "samples", "reconstructions", "settings"],
            Regex.Matches(dom, "<section id=\"(.*?)\">").Select(match => match.Groups[1].Value));
        Assert.Contains("&lt;i&gt;second", dom);
        Assert.Equal(2, Regex.Count(dom, "<svg class=\"chart\""));
        Assert.Equal(4, Regex.Count(dom, "<polyline class=\"c[01] marked\""));

        string picture = _folder.File("picture.png");
        Chromium.Screenshot(page, _folder.File("profile"), picture);
        RgbImage shot = ImageFile.Read(picture);
        int magenta = shot.Pixels.Chunk(3).Count(pixel => pixel is [255, 0, 255]);
        Assert.InRange(magenta, 270 * 270, 274 * 274);
    }

    private string Report(params string[] runs)
    {
        string page = _folder.File("report.html");
        CliResult result = Cli.Run(["report", .. runs, "--out", page]);
        Assert.Equal("", result.Error);
        Assert.Equal(CommandLine.Success, result.Code);
        return File.ReadAllText(page);
    }

    private string Run(string name, string settings, string metrics)
    {
        string run = _folder.File(name);
        Directory.CreateDirectory(run);
        File.WriteAllText(Path.Combine(run, RunFolder.SettingsName), settings);
        File.WriteAllText(Path.Combine(run, RunFolder.MetricsName), metrics);
        return run;
    }

    /// <summary>A magenta square.</summary>
    private static void Picture(string run, string name)
    {
        string path = Path.Combine(run, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ImageFile.WritePng(path, new RgbImage(274, 274, [.. Enumerable.Range(0, 3 * 274 * 274).Select(i => (byte)(i % 3 == 1 ? 0 : 255))]));
    }
}

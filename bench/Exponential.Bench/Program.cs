using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

// Short and in this process, so that all suites take minutes: the kernels are compiled with full optimisation from the first call, and their
// fraction of the peak is that of the best iteration.
Job job = Job.Default
    .WithToolchain(InProcessEmitToolchain.Instance)
    .WithIterationTime(TimeInterval.FromMilliseconds(50))
    .WithWarmupCount(1)
    .WithIterationCount(5);

// Shapes have names of up to 27 letters, which a table would cut.
SummaryStyle style = SummaryStyle.Default.WithMaxParameterColumnWidth(40);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, DefaultConfig.Instance.AddJob(job).WithSummaryStyle(style));

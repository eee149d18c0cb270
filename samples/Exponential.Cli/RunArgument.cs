using System.CommandLine;
using Exponential.Nn;

namespace Exponential.Cli;

/// <summary>The run (a folder) or the checkpoint (a file) that a command is about.</summary>
internal static class RunArgument
{
    /// <summary>The notice where a folder of files is named for the data set that has none.</summary>
    public const string UnusedFolder = $"--data has no effect: the images of the data set {BuiltInImages.Name} are drawn by the program";

    /// <summary>The notice where an option of the convolution exponential is given for a flow without one.</summary>
    public static string WithoutConvExp(string option, TrainingSettings settings) =>
        $"{option} has no effect: the mixing is {SettingWords.Mixings.First(entry => entry.Value == settings.Mixing).Word}, not convexp";

    /// <summary>Makes the argument.</summary>
    public static Argument<string> Create() => new("RUN")
    {
        Description = "A run's folder, or a checkpoint file.",
        Arity = ArgumentArity.ExactlyOne,
    };

    /// <summary>Sets the number of threads, unless 0.</summary>
    public static void UseThreads(long count)
    {
        if (count > 0)
        {
            CpuThreads.Count = (int)count;
        }
    }

    /// <summary>The checkpoint from which a run can be resumed.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public static string LastCheckpoint(string run)
    {
        string path = Path.Combine(run, RunFolder.LastName);
        return File.Exists(path) ? path
            : File.Exists(Path.Combine(run, RunFolder.SettingsName)) ? throw new FileNotFoundException(
                $"{run}: the run has saved no checkpoint ({RunFolder.LastName}) to go on from; start it again under another name", path)
            : Directory.Exists(run) ? throw new FileNotFoundException($"{run}: the folder has no {RunFolder.LastName}; is it the folder of a run?", path)
            : throw new DirectoryNotFoundException($"{run}: there is no such folder; 'exponential train' prints a run's folder at its end");
    }

    /// <summary>The checkpoint of a run: its best, or the last where no evaluation has chosen a best yet.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static string Checkpoint(string run)
    {
        if (File.Exists(run))
        {
            return run;
        }

        foreach (string name in new[] { RunFolder.BestName, RunFolder.LastName })
        {
            string path = Path.Combine(run, name);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw Directory.Exists(run)
            ? new FileNotFoundException(
                $"{run}: the folder has no {RunFolder.BestName} and no {RunFolder.LastName}; is it the folder of a run?", run)
            : new FileNotFoundException($"{run}: there is no such folder or file; 'exponential train' prints a run's folder at its end", run);
    }
}

namespace LibtorchPeer;

/// <summary>One library's way of doing a piece of work.</summary>
/// <param name="Prepare">Sets the library's threads and accuracy; not timed.</param>
/// <param name="Run">Does the work once and lets its results go.</param>
/// <param name="Results">Does it once more and returns its results.</param>
internal sealed record Side(Action Prepare, Action Run, Func<float[][]> Results);

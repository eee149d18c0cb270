namespace Exponential.Nn;

/// <summary>What a flow keeps of a forward pass for the backward pass.</summary>
public enum RecomputeKind
{
    /// <summary>All that the derivatives need: the fastest, and memory grows with depth.</summary>
    None,

    /// <summary>
    /// What leaves the last step, and what split priors took out. The backward pass rebuilds the input of each step by its inverse and runs the step again: about
    /// half as long again a step of training, and memory does not grow with depth (Gomez, Ren, Urtasun and Grosse 2017).
    /// </summary>
    /// <remarks>
    /// One pass in 64, the first among them, also keeps the input of each step, to compare with; steps whose inverse is not exact enough keep
    /// theirs from then on (<see cref="RebuiltStep.IsStored"/>). Parameters and mode must not change before the backward pass, which throws if they
    /// did. It runs the steps with the buffers and generators of the forward pass, so that a flow then serves one thread at a time, in evaluation
    /// too. A step must not keep tensors of one pass for another.
    /// </remarks>
    Inverse,
}

namespace Exponential.Nn;

/// <summary>Why a run ended.</summary>
public enum StopReason
{
    /// <summary>All its steps were taken.</summary>
    Completed,

    /// <summary>No validation had been better for as many epochs as <see cref="TrainingSettings.EarlyStoppingEpochs"/> allows.</summary>
    EarlyStopping,

    /// <summary>Its time was over.</summary>
    TimeLimit,

    /// <summary>It was cancelled; the last step was finished and saved.</summary>
    Cancelled,
}

using System.Runtime.CompilerServices;

namespace Exponential;

/// <summary>Checks of whole numbers, with messages that name the operation.</summary>
internal static class AtLeast
{
    /// <summary>Throws unless the value is 1 or more.</summary>
    /// <param name="value">The value.</param>
    /// <param name="operation">What it is for, as the message names it.</param>
    /// <param name="name">The value's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less.</exception>
    public static void One(int value, string operation, [CallerArgumentExpression(nameof(value))] string name = "") => Check(value, 1, operation, name);

    /// <summary>Throws unless the value is 0 or more.</summary>
    /// <param name="value">The value.</param>
    /// <param name="operation">What it is for, as the message names it.</param>
    /// <param name="name">The value's name.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less.</exception>
    public static void Zero(int value, string operation, [CallerArgumentExpression(nameof(value))] string name = "") => Check(value, 0, operation, name);

    private static void Check(int value, int least, string operation, string name)
    {
        if (value < least)
        {
            throw new ArgumentOutOfRangeException(name, $"{operation}: {name} must be at least {least}; got {value}");
        }
    }
}

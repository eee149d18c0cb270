namespace Exponential;

/// <summary>Cuts element-wise work into fixed blocks for the workers. Small work stays on the caller's thread.</summary>
internal static class ElementBlocks
{
    /// <summary>Elements a block: 64 KiB of floats, half a level-2 cache with two operands and a result.</summary>
    public const int Size = 16384;

    /// <summary>Calls body(start, length) for consecutive ranges that cover 0..count.</summary>
    public static void For(int count, Action<int, int> body)
    {
        if (count <= 2 * Size)
        {
            if (count > 0)
            {
                body(0, count);
            }

            return;
        }

        Workers.For((int)(((long)count + Size - 1) / Size), block =>
        {
            int start = block * Size;
            body(start, Math.Min(Size, count - start));
        });
    }
}

namespace Exponential;

/// <summary>Row-major items, images of a batch say, that lie a stride apart.</summary>
internal readonly unsafe struct Items<T>(T* first, nint stride)
    where T : unmanaged
{
    /// <summary>Where an item starts.</summary>
    public T* this[int item] => first + (item * stride);
}

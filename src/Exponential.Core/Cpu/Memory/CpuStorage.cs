using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Exponential;

/// <summary>Elements in a pinned buffer of the pool, starting at a multiple of 64 bytes.</summary>
internal sealed unsafe class CpuStorage : Storage
{
    private PinnedBuffer? _buffer;

    public CpuStorage(DType dtype, int count)
        : base(dtype, count) => _buffer = BufferPool.Rent((long)count * (dtype == DType.Float32 ? sizeof(float) : sizeof(double)));

    /// <summary>
    /// A storage that was lost gives its buffer back. It may die together with tensors that refer to it, their finalisers in any order:
    /// <see cref="Free"/> acts once, so that no buffer comes back twice and is shared by two that rent it.
    /// </summary>
    ~CpuStorage()
    {
        if (!Environment.HasShutdownStarted)
        {
            Free();
        }
    }

    public override Device Device => Device.Cpu;

    /// <summary>The address of the first element. It stays valid while a reference is held.</summary>
    public T* Pointer<T>()
        where T : unmanaged => (T*)Buffer.Start;

    public Span<T> Span<T>()
        where T : unmanaged => MemoryMarshal.CreateSpan(ref Unsafe.AsRef<T>(Buffer.Start), Count);

    private PinnedBuffer Buffer => _buffer ?? throw new ObjectDisposedException(nameof(Storage), "Storage: used after its last reference was released");

    protected override void Free()
    {
        PinnedBuffer? buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null)
        {
            GC.SuppressFinalize(this);
            if (HasEscaped)
            {
                BufferPool.Forget(buffer);
            }
            else
            {
                BufferPool.Return(buffer);
            }
        }
    }
}

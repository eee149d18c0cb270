using System.Reflection;
using Xunit;

namespace Exponential.Nn.Tests;

/// <summary>The layers of docs/architecture.md, asked of the compiled libraries.</summary>
public sealed class ArchitectureTests
{
    private const string CoreName = "Exponential.Core";
    private const string NnName = "Exponential.Nn";
    private const string GpuName = "Exponential.Gpu";

    private static readonly Assembly Core = Assembly.Load(CoreName);
    private static readonly Assembly Nn = Assembly.Load(NnName);
    private static readonly Assembly Gpu = Assembly.Load(GpuName);

    [Fact]
    public void ReferencesPointDown()
    {
        Assert.DoesNotContain(References(Core), name => name.StartsWith("Exponential", StringComparison.Ordinal));
        Assert.Contains(CoreName, References(Nn));
        Assert.DoesNotContain(GpuName, References(Nn));
        Assert.DoesNotContain(NnName, References(Gpu));
    }

    [Fact]
    public void CoreDependsOnTensorPrimitivesAlone() => Assert.Equal(
        ["System.Numerics.Tensors"],
        References(Core).Where(name => !File.Exists(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, name + ".dll"))));

    [Fact]
    public void PublicTypesLieInOneNamespaceForEachLibrary()
    {
        AssertNamespace(Core, "Exponential");
        AssertNamespace(Nn, "Exponential.Nn");
        AssertNamespace(Gpu, "Exponential.Gpu");
        Assert.NotEmpty(Core.GetExportedTypes());
        Assert.NotEmpty(Nn.GetExportedTypes());

        static void AssertNamespace(Assembly library, string expected) =>
            Assert.All(library.GetExportedTypes(), type => Assert.Equal(expected, type.Namespace));
    }

    /// <summary>A type of a namespace's name would hide the namespace from all code that names both.</summary>
    [Fact]
    public void NoTypeHidesANamespace()
    {
        foreach (Assembly library in (Assembly[])[Core, Nn, Gpu])
        {
            Assert.DoesNotContain(library.GetTypes(), type => type.Name is "Exponential" or "Nn" or "Gpu");
        }
    }

    /// <summary>What names the processor stays behind Core's device; Nn hands out tensors.</summary>
    [Fact]
    public void NnShowsNothingOfADevice()
    {
        (Type Owner, Type Shown)[] signatures = [.. Nn.GetExportedTypes().SelectMany(type => Shown(type).Select(shown => (type, shown)))];
        Assert.Contains((typeof(Module), typeof(Tensor)), signatures);
        Assert.DoesNotContain(
            signatures,
            pair => pair.Shown.Assembly == Core && (!pair.Shown.IsVisible || pair.Shown.Name.StartsWith("Cpu", StringComparison.Ordinal)));
        Assert.DoesNotContain(signatures, pair => pair.Owner.Name.StartsWith("Cpu", StringComparison.Ordinal));
    }

    private static IEnumerable<string> References(Assembly library) => library.GetReferencedAssemblies().Select(name => name.Name!);

    /// <summary>The types that a type's base, interfaces and public or protected members mention.</summary>
    private static IEnumerable<Type> Shown(Type type)
    {
        const BindingFlags Declared =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        IEnumerable<Type> bases = type.BaseType is null ? type.GetInterfaces() : [type.BaseType, .. type.GetInterfaces()];
        IEnumerable<Type> fields = type.GetFields(Declared)
            .Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly)
            .Select(field => field.FieldType);
        IEnumerable<Type> methods = type.GetMembers(Declared)
            .OfType<MethodBase>() // properties and events appear as their accessors
            .Where(method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly)
            .SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType)
                .Append(method is MethodInfo info ? info.ReturnType : typeof(void)));
        return bases.Concat(fields).Concat(methods).SelectMany(Parts);
    }

    /// <summary>A type, what it is an array of or a reference to, and its type arguments.</summary>
    private static IEnumerable<Type> Parts(Type type)
    {
        IEnumerable<Type> inner = type.HasElementType ? [type.GetElementType()!] : type.GetGenericArguments();
        return inner.SelectMany(Parts).Append(type);
    }
}

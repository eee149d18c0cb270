using System.Reflection;
using Xunit;

namespace Exponential.Core.Tests;

/// <summary>A public operation that the catalogue lacks fails here.</summary>
public sealed class OpCompletenessTests
{
    /// <summary>What returns tensors and is no operation; TensorTests and the autograd tests cover it.</summary>
    private static readonly string[] NotOperations =
    [
        "Zeros(Shape, DType)", "Ones(Shape, DType)", "Full(Shape, Double, DType)", "Scalar(Double, DType)", "Arange(Int32, DType)", "Eye(Int32, DType)",
        "FromSpan(ReadOnlySpan<T>, Shape)", "FromArray(T[], Shape)", "ZerosLike()", "OnesLike()", "Detach()", "WithGradient()",
    ];

    [Fact]
    public void EveryPublicOperationIsInTheCatalogue()
    {
        string[] members = [.. typeof(Tensor)
            .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(method => ReturnsTensors(method.ReturnType))
            .Select(Signature)
            .Except(NotOperations)
            .Order(StringComparer.Ordinal)];
        string[] covered = [.. OpCatalogue.All.Select(entry => entry.Covers).Where(covers => covers.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        Assert.True(members.Length > 60, "the reflection found no members to compare");
        Assert.Equal(members, covered);
    }

    private static bool ReturnsTensors(Type type) =>
        type == typeof(Tensor) || type == typeof(Tensor[]) || (type.IsGenericType && type.GetGenericArguments().Any(ReturnsTensors));

    private static string Signature(MethodInfo method) => $"{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => Name(parameter.ParameterType)))})";

    private static string Name(Type type)
    {
        if (!type.IsGenericType)
        {
            return type.Name;
        }

        string arguments = string.Join(", ", type.GetGenericArguments().Select(Name));
        return type.Name.StartsWith("ValueTuple", StringComparison.Ordinal) ? $"({arguments})" : $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{arguments}>";
    }
}

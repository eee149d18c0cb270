namespace Exponential.Nn.Tests;

/// <summary>A square Jacobian matrix, what it says of volume, and how sensitive what is computed with it is.</summary>
internal sealed class DenseJacobian(Tensor matrix)
{
    /// <summary>The number of dimensions n.</summary>
    public int Dimension => matrix.Shape[0];

    /// <summary>|J|_F, at least the largest singular value: how much the map amplifies what its input is off by.</summary>
    public double Norm { get; } = Closeness.Norm(matrix);

    /// <summary>|J^-1|_F: the same of the inverse.</summary>
    public double InverseNorm { get; } = Closeness.Norm(matrix.Inverse());

    /// <summary>The condition number in the Frobenius norm.</summary>
    public double Condition => Norm * InverseNorm;

    /// <summary>ln |det J|.</summary>
    public double LogAbsDet { get; } = matrix.SlogDet().LogAbsDet.ToScalar();

    /// <summary>
    /// What a log-determinant may be off by, in units of rounding: n logarithms of at most the condition number in size are added, and a
    /// relative error e of J's entries changes ln |det J| by at most e |J|_F |J^-1|_F.
    /// </summary>
    public double LogDetScale => Condition + (Dimension * (1 + Math.Log(Condition)));
}

using System.CommandLine;

namespace Exponential.Cli;

/// <summary>Spellings of options: the original's underscores, the usual hyphens, and near misses.</summary>
internal static class Spelling
{
    /// <summary>The arguments with every known option in its underscored spelling: <c>--n-levels=2</c> is <c>--n_levels=2</c>.</summary>
    public static string[] Canonical(string[] args, Command root)
    {
        HashSet<string> known = [.. root.Subcommands.SelectMany(command => command.Options).Select(option => option.Name)];
        return Array.ConvertAll(args, token =>
        {
            int end = token.IndexOfAny(['=', ':']);
            string name = Canonical(end < 0 ? token : token[..end]);
            return known.Contains(name) ? name + (end < 0 ? "" : token[end..]) : token;
        });
    }

    /// <summary>The underscored spelling of an option, hyphenated or not.</summary>
    public static string Canonical(string token) =>
        token.StartsWith("--", StringComparison.Ordinal) ? "--" + token[2..].Replace('-', '_') : token;

    /// <summary>The known name within two edits of what was typed, or null.</summary>
    public static string? Nearest(string typed, IEnumerable<string> known)
    {
        string? best = null;
        int least = 3;
        foreach (string name in known)
        {
            int distance = Distance(typed, name);
            if (distance < least)
            {
                (best, least) = (name, distance);
            }
        }

        return best;
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, 1 + Math.Min(previous[j], current[j - 1]));
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}

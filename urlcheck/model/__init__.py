"""The nouns that every part uses: target, outcome, result, verdict, errors."""

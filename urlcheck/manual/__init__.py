"""The manual: one Markdown file per topic. `urlcheck --manual [TOPIC]` shows it, and README.md links to it."""

"""The only folder that imports aiohttp's client: what a URL answered, as facts."""

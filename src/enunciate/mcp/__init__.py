"""A server of the Model Context Protocol, by which an assistant can coach with measured evidence."""

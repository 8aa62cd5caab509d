"""What people look at: values as a line of text and as a piece of a page, the style that all pages share.

Nothing here runs a pipeline or reads a file. Whatever a value, a name or an error says is escaped on a page and
stripped of control characters on a terminal.
"""

"""What stands on a page of HTML, read as a browser reads it: tags, forms, links.

Shoppers read the shop's pages so, and a recording's pages are read in the same way, to know what a shopper will find.

===========  =========================================================
tags         tags of some names, in their order, in linear time
forms        forms with what they would send untouched
links        where links lead
===========  =========================================================
"""

from loadgen.markup.forms import Form, forms_of
from loadgen.markup.links import links_of
from loadgen.markup.tags import MAX_CHARS, Tag, TagReader, decoded

__all__ = ["MAX_CHARS", "Form", "Tag", "TagReader", "decoded", "forms_of", "links_of"]

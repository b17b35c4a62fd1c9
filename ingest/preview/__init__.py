"""`kb-content preview`: pages that show the content of the folder as its readers will, before it is published."""

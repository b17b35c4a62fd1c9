"""The verbs of `kb-content`, a module a group. Each imports what is heavy inside the verb that needs it."""

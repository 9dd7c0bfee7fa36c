"""The daemon that brings central what hospitals publish: claim, seal, push, settle, and again."""

"""Figures of one recording: who spoke how much. Made on request from the version at hand; nothing is stored."""

"""Patients' own accounts at this hospital: invites, sessions, and links from accounts of other hospitals."""

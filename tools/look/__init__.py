"""`shicho look`: one local page on which a person steps through a game and looks into the network."""

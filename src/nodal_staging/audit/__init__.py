"""Did the model read the node, or its address?"""

from party_cells.batch import warm

warm.warm_up()

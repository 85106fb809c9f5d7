"""Mistakes that learners make in the exercises of lesson 06. Some use what one above has made."""
# ruff: noqa: F821

# %% 06-1 | by heart
shallower = XGBClassifier(**PUBLISHED | {"max_depth": 3})
shallower.fit(features, labels)
accuracy_depth_3 = shallower.score(features, labels)

# %% 06-1 | give three decimals
shallower = XGBClassifier(**PUBLISHED | {"max_depth": 3})
of_the_parts = cross_val_score(shallower, features, labels, cv=parts)
accuracy_depth_3 = round(of_the_parts.mean(), 2)

# %% 06-1 | seven questions deep
accuracy_depth_3 = by_part["XGBoost"].mean()

# %% 06-1 | per cent
accuracy_depth_3 = 100 * of_the_parts.mean()

# %% 06-1 | named wrongly
accuracy_depth_3 = 1 - of_the_parts.mean()

# %% 06-1 | not the mean accuracy
shallower = XGBClassifier(**PUBLISHED | {"max_depth": 3})
accuracy_depth_3 = cross_val_score(shallower, features[two_bands], labels, cv=parts).mean()

# %% 06-1 | another model
shallower = XGBClassifier(**PUBLISHED | {"max_depth": 3, "subsample": 1.0})
accuracy_depth_3 = cross_val_score(shallower, features, labels, cv=parts).mean()

# %% 06-1 | should be a number
accuracy_depth_3 = of_the_parts

# %% 06-1 | not made of blocks
shallower = XGBClassifier(**PUBLISHED | {"max_depth": 3})
accuracy_depth_3 = cross_val_score(shallower, features, labels).mean()

# %% 06-1 | The exam stays closed
shallower = XGBClassifier(**PUBLISHED | {"max_depth": 3})
shallower.fit(training[BANDS], training["class"])
accuracy_depth_3 = shallower.score(testing[BANDS], testing["class"])

# %% 06-1 | one group with neighbours
shallower = XGBClassifier(**PUBLISHED | {"max_depth": 3})
shallower.fit(training[BANDS], training["class"])
accuracy_depth_3 = shallower.score(validation[BANDS], validation["class"])

# %% 06-2 | Those are rounds
of_the_parts = loss_by_round(PUBLISHED | {"learning_rate": 0.3})
faster = of_the_parts.mean(axis="columns")
trees_worth_keeping = faster.idxmin()

# %% 06-2 | One round is missing
trees_worth_keeping = np.argmin(faster) * len(class_names)

# %% 06-2 | all rounds that were trained
trees_worth_keeping = len(faster) * len(class_names)

# %% 06-2 | multiplied by the bands
trees_worth_keeping = faster.idxmin() * len(BANDS)

# %% 06-2 | mean of the five best rounds
trees_worth_keeping = of_the_parts.idxmin().mean() * len(class_names)

# %% 06-2 | steps of 0.3
trees_worth_keeping = best_round * len(class_names)

# %% 06-2 | trees that suit the validation points
faster = XGBClassifier(**PUBLISHED | {"learning_rate": 0.3}, early_stopping_rounds=10)
watched = [(validation[BANDS], validation["class"])]
faster.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)
trees_worth_keeping = (faster.best_iteration + 1) * len(class_names)

# %% 06-3 | loss on the testing points
my_settings = {"max_depth": 2, "learning_rate": 0.1, "n_estimators": 80}
my_model = XGBClassifier(**PUBLISHED | my_settings)
my_model.fit(training[BANDS], training["class"])
my_loss = log_loss(testing["class"], my_model.predict_proba(testing[BANDS]))
choice = my_settings | {"loss": round(my_loss, 3)}

# %% 06-3 | loss on the validation points
my_settings = {"max_depth": 2, "learning_rate": 0.1, "n_estimators": 80}
my_model = XGBClassifier(**PUBLISHED | my_settings)
my_model.fit(training[BANDS], training["class"])
my_loss = log_loss(validation["class"], my_model.predict_proba(validation[BANDS]))
choice = my_settings | {"loss": round(my_loss, 3)}

# %% 06-3 | loss on the training points
my_settings = {"max_depth": 7, "learning_rate": 0.1, "n_estimators": 100}
my_loss = log_loss(training["class"], model.predict_proba(training[BANDS]))
choice = my_settings | {"loss": round(my_loss, 4)}

# %% 06-3 | even more by heart
my_settings = {"max_depth": 10, "learning_rate": 0.3, "n_estimators": 200}
my_loss = loss_by_round(PUBLISHED | my_settings).mean(axis="columns").iloc[-1]
choice = my_settings | {"loss": round(my_loss, 3)}

# %% 06-3 | has not learnt enough
my_settings = {"max_depth": 3, "learning_rate": 0.01, "n_estimators": 50}
my_loss = loss_by_round(PUBLISHED | my_settings).mean(axis="columns").iloc[-1]
choice = my_settings | {"loss": round(my_loss, 3)}

# %% 06-3 | not better
choice = {"max_depth": 7, "learning_rate": 0.1, "n_estimators": 100}
choice |= {"loss": round(mean_loss.iloc[-1], 4)}

# %% 06-3 | lowest loss on the way
choice = {"max_depth": 7, "learning_rate": 0.1, "n_estimators": 100}
choice |= {"loss": round(mean_loss.min(), 4)}

# %% 06-3 | own model with fewer rounds
choice = {"max_depth": 7, "learning_rate": 0.1, "n_estimators": best_round}
choice |= {"loss": round(mean_loss.min(), 4)}

# %% 06-3 | do not give that loss
choice = {"max_depth": 7, "learning_rate": 0.1, "n_estimators": 60, "loss": 0.5}

# %% 06-3 | exactly these entries
choice = {"depth": 2, "learning_rate": 0.1, "n_estimators": 80, "loss": 0.9}
